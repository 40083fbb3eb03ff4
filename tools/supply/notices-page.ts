/** The notices as HTML for `/licences/`, and as plain text beside the engines. */
import type { Bundle, Notice } from './notices.ts'

/** Two sections of closed `<details>`; a text that appeared before is linked, not repeated. */
export function noticesHtml(shipped: Notice[], runTime: Notice[]): string {
  const first = new Map<string, string>()
  const list = (notices: Notice[], prefix: string) =>
    notices.map((notice, index) => noticeHtml(notice, `${prefix}-${index + 1}`, first)).join('\n')
  return `<h2>In the pages and the code engines</h2>
<p>${shipped.length} works are sent to readers. The texts for the engines are also in <a href="/engines/LICENSES.txt">LICENSES.txt</a>.</p>
${list(shipped, 'shipped')}
<h2>In the server and the command-line tool</h2>
<p>${runTime.length} packages are installed beside them. They are not sent to readers.</p>
${list(runTime, 'installed')}
<p class="soft">The <a href="/sbom.cdx.json">software bill of materials</a> (CycloneDX) lists every package that builds and tests this site.</p>`
}

function noticeHtml(notice: Notice, id: string, first: Map<string, string>): string {
  const earlier = first.get(notice.text)
  if (notice.text !== '' && earlier === undefined) first.set(notice.text, id)
  const text =
    notice.text === ''
      ? '<p>The package contains no licence text.</p>'
      : earlier === undefined
        ? `<pre tabindex="0">${escapeHtml(notice.text)}</pre>`
        : `<p>The licence text is <a href="#${earlier}">the same as above</a>.</p>`
  const owners = notice.copyright.map((line) => `<li>${escapeHtml(line)}</li>`).join('')
  return `<details id="${id}">
<summary>${escapeHtml(titleOf(notice))}</summary>
${owners === '' ? '' : `<ul>${owners}</ul>\n`}<p>Used in: ${escapeHtml(notice.usedIn.join(', '))}.</p>
${text}
</details>`
}

/** One entry after the other, for somebody who has the engines without the pages; legal comments come last. */
export function noticesText(notices: Notice[], bundles: Bundle[]): string {
  const rule = '-'.repeat(80)
  const comments = bundles.flatMap(({ name, legalComments }) =>
    legalComments ? [`${rule}\nComments taken out of the ${name}\n\n${legalComments}\n`] : [],
  )
  return [
    'Third-party software in the code engines of Viva, with licences.\n',
    ...notices.map((notice) => `${rule}\n${titleOf(notice)}\nUsed in: ${notice.usedIn.join(', ')}\n\n${notice.text}\n`),
    ...comments,
  ].join('\n')
}

function titleOf({ name, version, licence }: Notice): string {
  return `${name}${version === undefined ? '' : ` ${version}`}: ${licence}`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
