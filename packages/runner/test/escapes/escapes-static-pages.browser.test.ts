/** The escape suite: hostile pages, against a static host that sends no security header. */
import { escapeSuite } from './suite.ts'

await escapeSuite('static', 'pages')
