/** The same in a worker thread. */
import { parentPort } from 'node:worker_threads'
import { mm1 } from './mm1.ts'

parentPort!.on('message', (customers: number) => parentPort!.postMessage(mm1(customers)))
