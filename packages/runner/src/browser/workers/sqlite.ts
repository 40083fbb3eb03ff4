/** The worker for `sqlite`. */
import { loadSqlite } from '../../interpreters/sqlite.ts'
import { startWorker } from '../worker.ts'

startWorker(loadSqlite)
