/** The hosts of the suite: the site (behind the real server or a plain static host), and an attacker that listens. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, readFile, rm, symlink, mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Which headers the site comes with: those of our server, or none, as from a plain static host. */
export type HostKind = 'server' | 'static'

export type Hosts = {
  kind: HostKind
  siteOrigin: string
  /** Requests to the site, as `METHOD path`. */
  siteLog: string[]
  attackerPort: number
  /** Everything that reached the attacker: connections, requests, upgrades and UDP packets. */
  attackerLog: string[]
  stun: string
  close: () => Promise<void>
}

async function listen(handler: RequestListener): Promise<{ port: number; server: ReturnType<typeof createServer> }> {
  const server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, server }
}

/** The built site: a page, its script, the engines. */
async function writeSite(siteScript: string, enginesDir: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'escapes-site-'))
  await writeFile(join(folder, 'site.js'), siteScript)
  const page =
    '<!doctype html><html lang="en"><title>Site</title><link rel="icon" href="data:,"><p id="canary">canary-dom</p>'
  await writeFile(join(folder, 'index.html'), `${page}<script type="module" src="/site.js"></script>`)
  await writeFile(join(folder, '404.html'), '<!doctype html><title>Not found</title>')
  await mkdir(join(folder, 'engines'), { recursive: true })
  await rm(join(folder, 'engines'), { recursive: true })
  await symlink(enginesDir, join(folder, 'engines'))
  return folder
}

/** A static host: files with a content type and nothing else. */
function staticHost(folder: string): RequestListener {
  const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', json: 'application/json' }
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    const file = path.endsWith('/') ? `${path}index.html` : path
    const type = types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    readFile(join(folder, file)).then(
      (bytes) => response.writeHead(200, { 'content-type': type }).end(bytes),
      () => response.writeHead(404).end(),
    )
  }
}

/** The server as an operator runs it: a process of its own. The text is not an import: packages import no app. */
const serverProgram = `
import { createApp, serve } from '@viva/server'
const log = () => {}
const database = { feedback: { add: async () => ({}) }, check: async () => {} }
const app = await createApp({ siteDir: process.argv[1], database, log, clock: Date })
const running = await serve({ app, port: 0, hostname: '127.0.0.1', log })
console.log(running.port)`

async function startServer(folder: string): Promise<{ port: number; close: () => void }> {
  const root = join(import.meta.dirname, '../../../..')
  const child = spawn(process.execPath, ['--input-type=module', '-e', serverProgram, folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())))
    child.once('exit', (code) => reject(new Error(`The server ended with exit code ${code} before it listened.`)))
  })
  return { port, close: () => child.kill() }
}

/** Hands each request on unchanged, so that requests to the server are logged before they are answered. */
function forwardTo(port: number): RequestListener {
  return (request, response) => {
    const { method, url, headers } = request
    const forwarded = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    request.pipe(forwarded)
  }
}

/** A page that waits in the place of the sandbox frame for the site's port, and forges every run. */
const impostor = `<!doctype html><script>
const forge = ({ data: { type, port } }) => {
  if (type !== 'spawn') return
  port.onmessage = ({ data }) => {
    if (data.type === 'load') return port.postMessage({ type: 'ready' })
    port.postMessage({ type: 'output', text: 'forged' })
    port.postMessage({ type: 'end', durationMs: 1 })
  }
}
addEventListener('message', ({ ports: [port] }) => { if (port) port.onmessage = forge })
</script>`

/** HTTP, WebSocket handshakes and UDP. Answers everything, so that a request is not refused for another reason. */
async function startAttacker(log: string[]) {
  const { port, server } = await listen((request, response) => {
    if (request.url === '/impostor') return void response.writeHead(200, { 'content-type': 'text/html' }).end(impostor)
    if (request.url?.startsWith('/page')) {
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Attacker</title>')
    }
    if (request.url === '/favicon.ico') return void response.writeHead(404).end()
    log.push(`${request.method} ${request.url}`)
    response
      .writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' })
      .end('globalThis.attackerScriptRan = true')
  })
  server.on('connection', () => log.push('TCP connection'))
  server.on('upgrade', (request, socket) => {
    log.push(`UPGRADE ${request.url}`)
    socket.destroy()
  })
  const udp = createSocket('udp4', () => log.push('UDP packet'))
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  const close = () => {
    udp.close()
    server.closeAllConnections()
    server.close()
  }
  return { port, stun: `127.0.0.1:${udp.address().port}`, close }
}

export async function startHosts(kind: HostKind, siteScript: string, enginesDir: string): Promise<Hosts> {
  const folder = await writeSite(siteScript, enginesDir)
  const siteLog: string[] = []
  const attackerLog: string[] = []
  const upstream = kind === 'server' ? await startServer(folder) : undefined
  const answer = upstream ? forwardTo(upstream.port) : staticHost(folder)
  const site = await listen((request, response) => {
    siteLog.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  const attacker = await startAttacker(attackerLog)
  return {
    kind,
    siteOrigin: `http://127.0.0.1:${site.port}`,
    siteLog,
    attackerPort: attacker.port,
    attackerLog,
    stun: attacker.stun,
    close: async () => {
      attacker.close()
      site.server.closeAllConnections()
      site.server.close()
      upstream?.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
