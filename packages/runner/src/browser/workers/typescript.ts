/** The worker for `ts`. */
import { loadJavaScript } from '../../interpreters/javascript.ts'
import { stripTypes } from '../../interpreters/types.ts'
import { createBrowserRealm } from '../realm.ts'
import { startWorker } from '../worker.ts'

startWorker(() => loadJavaScript(createBrowserRealm(), stripTypes))
