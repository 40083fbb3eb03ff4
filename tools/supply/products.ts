/** What a build writes beside the pages: notices, the bill of materials, `security.txt`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readLock } from './lockfile.ts'
import { noticesHtml, noticesText } from './notices-page.ts'
import { type Bundle, runTimeNotices, shippedNotices } from './notices.ts'
import { sbomOf } from './sbom.ts'
import { securityTxt } from './security-txt.ts'

/** Workspaces that run on an operator's machine. */
const installed = ['apps/server', 'apps/cli']

/** The element of `apps/site/src/pages/licences.astro` that gets the list. */
const marker = /<div id="notices"[^>]*>[\s\S]*?<\/div>/

export type ProductOptions = {
  root: string
  siteDir: string
  /** One bundle for each engine; paths from the root. */
  engines: Bundle[]
  /** What the site's own bundles contain; paths from the root. */
  siteModules: string[]
  env: { SECURITY_CONTACT?: string | undefined; SITE_URL?: string | undefined; SOURCE_DATE_EPOCH?: string | undefined }
  nowMs: number
}

/** Throws NoticeError when a shipped package has no licence text, and an Error for a wrong setting. */
export async function writeProducts({ root, siteDir, engines, siteModules, env, nowMs }: ProductOptions) {
  const { lock } = await readLock(root)
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(siteDir, path)), { recursive: true })
    await writeFile(join(siteDir, path), text)
  }
  const shipped = await shippedNotices(root, lock, [{ name: 'pages', modules: siteModules }, ...engines])
  const page = join(siteDir, 'licences/index.html')
  const html = await readFile(page, 'utf8')
  if (!marker.test(html)) throw new Error('/licences/ has no <div id="notices"> to put the list into.')
  const list = noticesHtml(shipped, await runTimeNotices(root, lock, installed))
  await writeFile(
    page,
    html.replace(marker, () => `<div id="notices">\n${list}\n</div>`),
  )
  if (engines.length > 0)
    await write('engines/LICENSES.txt', noticesText(await shippedNotices(root, lock, engines), engines))
  await write('sbom.cdx.json', `${JSON.stringify(sbomOf(lock))}\n`)
  const epoch = env.SOURCE_DATE_EPOCH ? Number(env.SOURCE_DATE_EPOCH) * 1000 : nowMs
  const contact = securityTxt({ contact: env.SECURITY_CONTACT, siteUrl: env.SITE_URL, nowMs: epoch })
  if (contact !== undefined) await write('.well-known/security.txt', contact)
}
