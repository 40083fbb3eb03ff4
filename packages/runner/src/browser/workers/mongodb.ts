/** The worker for `mongodb`. */
import { loadMongodb } from '../../interpreters/mongodb.ts'
import { createBrowserRealm } from '../realm.ts'
import { startWorker } from '../worker.ts'

startWorker(() => loadMongodb(createBrowserRealm()))
