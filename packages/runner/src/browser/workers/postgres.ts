/** The worker for `sql`. */
import { loadPostgres } from '../../interpreters/postgres.ts'
import { startWorker } from '../worker.ts'

startWorker(loadPostgres)
