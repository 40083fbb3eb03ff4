/** Firefox without a patched build: WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over its own WebSocket. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DrivenPage } from './session.ts'

type Answer = { id?: number; result?: unknown; error?: string; message?: string }
type Evaluated =
  | { type: 'success'; result: { value?: string } }
  | { type: 'exception'; exceptionDetails: { text: string } }

export type Firefox = { open: (url: string) => Promise<DrivenPage>; close: () => Promise<void> }

/** STUN on loopback as in Chromium's arguments, timers that keep time in a hidden window, no requests of its own. */
const preferences = `
user_pref('media.peerconnection.ice.loopback', true);
user_pref('media.peerconnection.ice.link_local', true);
user_pref('dom.min_background_timeout_value', 4);
user_pref('dom.timeout.enable_budget_timer_throttling', false);
user_pref('app.update.enabled', false);
user_pref('network.captive-portal-service.enabled', false);
user_pref('network.connectivity-service.enabled', false);
`

const startTimeoutMs = 60_000

/** Starts the program at `path` with an empty profile. */
export async function launchFirefox(path: string): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), 'escapes-firefox-'))
  await writeFile(join(profile, 'user.js'), preferences)
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const address = await new Promise<string>((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`${path} did not listen for BiDi: ${said}`)), startTimeoutMs)
    child.once('error', reject)
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000)
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1]
      if (!found) return
      clearTimeout(timer)
      resolve(found)
    })
  })
  const socket = new WebSocket(`${address}/session`)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error(`${address} refuses the connection`)), { once: true })
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error, message } = JSON.parse(String(data)) as Answer
    const one = waiting.get(id ?? -1)
    waiting.delete(id ?? -1)
    if (error) one?.reject(new Error(`${error}: ${message}`))
    else one?.resolve(result)
  })
  let lastId = 0
  const command = <T>(method: string, params: object): Promise<T> => {
    const answer = Promise.withResolvers<unknown>()
    waiting.set(++lastId, answer)
    socket.send(JSON.stringify({ id: lastId, method, params }))
    return answer.promise as Promise<T>
  }
  await command('session.new', { capabilities: {} })

  return {
    open: async (url) => {
      const { userContext } = await command<{ userContext: string }>('browser.createUserContext', {})
      // A window of its own: the page of another window goes on at full speed.
      const { context } = await command<{ context: string }>('browsingContext.create', { type: 'window', userContext })
      await command('browsingContext.navigate', { context, url, wait: 'complete' })
      return {
        evaluate: async <T>(expression: string) => {
          const answer = await command<Evaluated>('script.evaluate', {
            expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value) ?? 'null')`,
            target: { context },
            awaitPromise: true,
          })
          if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text)
          return JSON.parse(answer.result.value ?? 'null') as T
        },
        close: async () => {
          await command('browser.removeUserContext', { userContext })
        },
      }
    },
    close: async () => {
      await command('browser.close', {}).catch(() => {})
      socket.close()
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
        await ended
        clearTimeout(timer)
      }
      await rm(profile, { recursive: true, force: true })
    },
  }
}
