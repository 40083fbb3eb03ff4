/** Shows that the listeners hear: the same requests from a page without a sandbox do arrive. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hosts } from './hosts.ts'
import type { DrivenPage } from './session.ts'

/** Expressions for the attacker's own page, and the line that each leaves in the attacker's log. */
const requests: Record<string, [script: string, heard: RegExp]> = {
  fetch: [`fetch('/control-fetch')`, /GET \/control-fetch/],
  beacon: [`navigator.sendBeacon('/control-beacon', 'x')`, /POST \/control-beacon/],
  image: [`void (new Image().src = '/control-image')`, /GET \/control-image/],
  import: [`import('/control-import')`, /GET \/control-import/],
  WebSocket: [`void new WebSocket('ws://' + location.host + '/control-socket')`, /UPGRADE \/control-socket/],
  EventSource: [`void new EventSource('/control-events')`, /GET \/control-events/],
  worker: [`void new Worker('/control-worker')`, /GET \/control-worker/],
  preconnect: [
    `void document.head.insertAdjacentHTML('beforeend', '<link rel="preload" as="fetch" href="/control-preload">')`,
    /GET \/control-preload/,
  ],
  STUN: [
    `(async () => {
  const peer = (window.peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:{{stun}}' }] }))
  peer.createDataChannel('x')
  await peer.setLocalDescription(await peer.createOffer())
})()`,
    /UDP packet/,
  ],
}

type Opened = { open: (url: string) => Promise<DrivenPage>; hosts: Hosts }

export function controls(opened: () => Opened): void {
  describe('the listeners hear', () => {
    for (const [name, [script, heard]] of Object.entries(requests)) {
      it(`${name} from a page`, async () => {
        const { open, hosts } = opened()
        const page = await open(`http://127.0.0.1:${hosts.attackerPort}/page`)
        const mark = hosts.attackerLog.length
        await page.evaluate(script.replace('{{stun}}', hosts.stun))
        const isHeard = () => hosts.attackerLog.slice(mark).some((line) => heard.test(line))
        for (let turn = 0; turn < 100 && !isHeard(); turn++) await new Promise((resolve) => setTimeout(resolve, 50))
        // STUN requests are repeated until the connection is closed; the next tests expect silence.
        await page.evaluate('window.peer?.close()')
        await page.close()
        if (name === 'STUN') await new Promise((resolve) => setTimeout(resolve, 500))
        assert.ok(isHeard(), `the attacker heard ${JSON.stringify(hosts.attackerLog.slice(mark))}`)
      })
    }
  })
}
