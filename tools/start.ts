/** `npm start`: builds what changed and serves everything on one port. */
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import {
  closeOnSignals,
  createApp,
  type Database,
  databaseConfig,
  hstsSubdomainsFrom,
  jsonLog,
  type Log,
  logLevel,
  openAddressWarning,
  openDatabase,
  type Running,
  serve,
  siteOriginFrom,
  trustedHopsFrom,
  visibleText,
} from '@viva/server'
import { build, BuildError } from './build.ts'

const root = dirname(import.meta.dirname)

/** One line for the person at the keyboard, and exit 1. */
function fail(message: string): never {
  console.error(visibleText(`viva: ${message}`))
  process.exit(1)
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function portFrom(text: string | undefined): number {
  if (!text?.trim()) return 4000
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || !/^\d+$/.test(text.trim())) {
    fail(`PORT is "${text}". It is a number from 1 to 65535 (0 takes a free one); without it, 4000.`)
  }
  return port
}

function portProblem(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `port ${port} is taken. Stop what listens there, or choose another: PORT=${port + 1} npm start`
  if (code === 'EACCES')
    return `port ${port} needs more rights than this user has. Choose one above 1023: PORT=4000 npm start`
  return `port ${port} cannot be listened on: ${why(error)}`
}

/** A positive whole number from the environment. */
function countFrom(name: string, fallback: number): number {
  const text = process.env[name]?.trim()
  if (!text) return fallback
  if (!/^[1-9]\d{0,5}$/.test(text))
    fail(`${name} is "${text}". It is a whole number from 1 to 999999; without it, ${fallback}.`)
  return Number(text)
}

/** What the network side is told by the environment. */
function networkSettings() {
  try {
    const siteOrigin = siteOriginFrom(process.env.SITE_URL)
    return {
      log: jsonLog(logLevel(process.env.LOG_LEVEL)),
      siteOrigin,
      hstsSubdomains: hstsSubdomainsFrom(process.env.HSTS_SUBDOMAINS, siteOrigin),
      trustedHops: trustedHopsFrom(process.env.TRUST_PROXY),
      maxConnections: countFrom('MAX_CONNECTIONS', 2000),
      maxConnectionsPerClient: countFrom('MAX_CONNECTIONS_PER_CLIENT', 100),
    }
  } catch (error) {
    return fail(why(error))
  }
}

/** Tries the port before the build, so that a minute's work does not end in an error. */
async function checkPort(port: number, hostname: string | undefined): Promise<void> {
  const probe = createServer()
  const listening = Promise.withResolvers<void>()
  probe.once('error', listening.reject)
  probe.listen(port, hostname, () => listening.resolve())
  await listening.promise
  const closed = Promise.withResolvers<void>()
  probe.close(() => closed.resolve())
  await closed.promise
}

async function open(log: Log): Promise<Database> {
  try {
    const onNote = (note: string) => log('warn', 'database', { note })
    return await openDatabase(databaseConfig(process.env, join(root, 'data')), { onNote })
  } catch (error) {
    return fail(
      process.env.DATABASE_URL
        ? `${why(error)}. Start that database, correct DATABASE_URL, or unset it to keep the data in data/.`
        : `${why(error)}. Make that folder writable, or name another: VIVA_DATA=/some/folder npm start`,
    )
  }
}

async function start(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < 26)
    fail(`needs Node 26, found ${process.version}. \`npm start\` brings its own.`)
  const port = portFrom(process.env.PORT)
  const hostname = process.env.HOST?.trim() || undefined
  const { log, siteOrigin, hstsSubdomains, trustedHops, ...caps } = networkSettings()
  const network = { log, siteOrigin, hstsSubdomains, trustedHops }
  await checkPort(port, hostname).catch((error: unknown) => fail(portProblem(error, port)))
  const database = await open(log)

  let siteDir: string
  try {
    ;({ siteDir } = await build({ log: (line) => console.log(visibleText(line)) }))
  } catch (error) {
    await database.close()
    if (error instanceof BuildError) fail(error.message)
    throw error
  }

  const app = await createApp({ siteDir, database, clock: Date, ...network })
  let running: Running
  try {
    const onClose = () => database.close()
    const address = { port, ...(hostname ? { hostname } : {}) }
    running = await serve({ app, ...address, ...network, ...caps, onClose })
  } catch (error) {
    await database.close()
    fail(portProblem(error, port))
  }
  closeOnSignals(running, log)
  const warning = openAddressWarning(hostname)
  if (warning !== undefined) log('warn', 'open address', { note: warning })
  console.log(visibleText(`Viva is at http://localhost:${running.port}/\nData: ${database.place}\nStop with Ctrl+C.`))
}

await start()
