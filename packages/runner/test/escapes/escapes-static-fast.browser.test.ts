/** The escape suite: fences whose engines start at once, against a static host that sends no security header. */
import { escapeSuite } from './suite.ts'

await escapeSuite('static', 'fast')
