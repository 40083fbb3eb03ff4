/** The escape suite: fences whose engines start at once, against the real server's headers. */
import { escapeSuite } from './suite.ts'

await escapeSuite('server', 'fast')
