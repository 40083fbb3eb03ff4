/** The escape suite: hostile pages, against the real server's headers. */
import { escapeSuite } from './suite.ts'

await escapeSuite('server', 'pages')
