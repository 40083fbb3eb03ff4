/** The escape suite against a static host that sends no security header. */
import { escapeSuite } from './suite.ts'

await escapeSuite('static')
