/** The page's side of the runner: the sandboxed frame in the document, and the one runner of the page. */
import type { Fence, RunResult } from '@viva/runner'
import { type BrowserRunOptions, createBrowserRunner, type Frame, portMessage } from '@viva/runner/browser'

/** An opaque origin: no cookies, no storage, no DOM of the site; its own policy forbids every connection. */
function openFrame(url: string): Promise<Frame> {
  // The embedding page may navigate the sandbox frame to its own and take the port: it would read code and forge results.
  if (window.top !== window) return Promise.reject(new Error('Code does not run while another site embeds this page.'))
  return new Promise((resolve, reject) => {
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', 'allow-scripts')
    frame.setAttribute('aria-hidden', 'true')
    frame.tabIndex = -1
    frame.title = 'Where code runs'
    frame.hidden = true
    frame.addEventListener(
      'load',
      () => {
        const { port1: port, port2 } = new MessageChannel()
        // The frame's origin is opaque: only '*' names it.
        frame.contentWindow?.postMessage(portMessage, '*', [port2])
        resolve({ port, remove: () => frame.remove() })
      },
      { once: true },
    )
    frame.addEventListener('error', () => reject(new Error('the sandbox could not be loaded')))
    frame.src = url
    document.body.append(frame)
  })
}

const runner = createBrowserRunner({ baseUrl: '/engines/', openFrame })

export function runHere(fence: Fence, options: BrowserRunOptions): Promise<RunResult> {
  return runner.run(fence, options)
}
