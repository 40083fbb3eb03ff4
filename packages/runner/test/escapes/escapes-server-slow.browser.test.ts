/** The escape suite: fences in engines that start slowly, against the real server's headers. */
import { escapeSuite } from './suite.ts'

await escapeSuite('server', 'slow')
