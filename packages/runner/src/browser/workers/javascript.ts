/** The worker for `js`. */
import { loadJavaScript } from '../../interpreters/javascript.ts'
import { createBrowserRealm } from '../realm.ts'
import { startWorker } from '../worker.ts'

startWorker(() => loadJavaScript(createBrowserRealm(), (source) => source))
