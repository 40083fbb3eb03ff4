/** The page's side of the runner: the sandboxed frame in the document, and the one runner of the page. */
import type { RunResult } from '@viva/runner'
import { type BrowserRunOptions, createBrowserRunner, type Frame } from '@viva/runner/browser'
import type { Fence } from '@viva/runner'

/** An opaque origin: no cookies, no storage, no DOM of the site; its own policy forbids every connection. */
function openFrame(url: string): Promise<Frame> {
  return new Promise((resolve, reject) => {
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', 'allow-scripts')
    frame.setAttribute('aria-hidden', 'true')
    frame.tabIndex = -1
    frame.title = 'Where code runs'
    frame.hidden = true
    frame.addEventListener('load', () => {
      const target = frame.contentWindow
      if (!target) return reject(new Error('the sandbox could not be made'))
      resolve({ post: (message, transfer) => target.postMessage(message, '*', transfer), remove: () => frame.remove() })
    })
    frame.addEventListener('error', () => reject(new Error('the sandbox could not be loaded')))
    frame.src = url
    document.body.append(frame)
  })
}

const runner = createBrowserRunner({ base: '/engines/', openFrame })

export function runHere(fence: Fence, options: BrowserRunOptions): Promise<RunResult> {
  return runner.run(fence, options)
}
