import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodContent, loadFiles, questionFile, quizFile } from './content.fixture.ts'
import { imageCharacters } from './images.ts'

const question = 'content/questions/git/rebase/question.md'
const image = `expected a data: address of a PNG, JPEG, GIF, WebP, AVIF or SVG image with at most ${imageCharacters} characters (nothing is loaded from elsewhere)`

/** What is wrong when `find` of the good question, quiz or kit is replaced. */
async function messagesOf(file: string, find: string, replacement: string): Promise<string[]> {
  const files = goodContent()
  const text = String(files[file])
  assert.ok(text.includes(find), `${file} has no ${find}`)
  files[file] = text.replace(find, () => replacement)
  return (await loadFiles(files)).errors.map(({ message }) => message)
}

const line = 'Each commit names its parent. See [merges](/questions/git/merge/#why-copies) and [below](#checklist).'
const inProse = (markdown: string) => messagesOf(questionFile, line, markdown)

test('rejects an image that a page would load, with file and line', async () => {
  const urls = ['https://x.test/a.png', 'http://x.test/a.png', '//x.test/a.png', 'HTTPS://x.test/a', 'a.png', '/a.png']
  for (const url of [...urls, 'blob:x', 'javascript:alert(1)', 'data:text/html,x', 'data:,x', 'DATA:text/html;,x'])
    assert.deepEqual(await inProse(`![alt](${url})`), [`${question}:23: image: found "${url}"; ${image}`])
})

test('rejects an image by reference in all its forms, at the place of the image', async () => {
  for (const markdown of ['![alt][label]', '![label][]', '![label]', '![alt][LABEL]', '[![alt][label]](/blog/why/)'])
    assert.deepEqual(await inProse(`${markdown}\n\n[label]: https://x.test/a.png\n`), [
      `${question}:23: image: found "https://x.test/a.png"; ${image}`,
    ])
})

test('rejects a remote address behind a later definition of the same label', async () => {
  const markdown = '![alt][label]\n\n[label]: data:image/png;base64,AA==\n\n[label]: https://x.test/a.png\n'
  assert.deepEqual(await inProse(markdown), [`${question}:23: image: found "https://x.test/a.png"; ${image}`])
})

test('rejects images and links in a field that starts with lines of dashes', async () => {
  const files = goodContent()
  const file = Object.keys(files).find((name) => name.endsWith('quiz.yaml'))!
  const text = String(files[file])
  files[file] = text.replace(/^  why: .*$/m, () => '  why: "---\\n![r](https://x.test/a.png)\\n---\\nW"')
  assert.notEqual(files[file], text)
  const messages = (await loadFiles(files)).errors.map(({ message }) => message)
  assert.ok(
    messages.some((message) => message.includes('https://x.test/a.png')),
    messages.join(),
  )
})

test('rejects an image inside a list, a quote, a table, a heading, a link and a footnote', async () => {
  for (const markdown of [
    '- ![a](https://x.test/a.png)',
    '> ![a](https://x.test/a.png)',
    '|a|\n|-|\n|![a](https://x.test/a.png)|',
    '#### ![a](https://x.test/a.png)',
    '[![a](https://x.test/a.png)](/blog/why/)',
    'Text[^1].\n\n[^1]: ![a](https://x.test/a.png)',
    '![a](<https://x.test/a.png> "title")',
    '![![b](/b.png)](https://x.test/a.png)',
  ])
    assert.match((await inProse(markdown)).join('\n'), /: image: found "https:\/\/x\.test\/a\.png"; expected a data:/)
})

test('allows a small data: image, refuses a large one', async () => {
  const url = (length: number) => 'data:image/png;base64,'.padEnd(length, 'A')
  assert.deepEqual(await inProse(`![alt](${url(imageCharacters)})`), [])
  assert.deepEqual(await inProse(`![alt][i]\n\n[i]: ${url(100)}`), [])
  assert.deepEqual(await inProse(`![alt](${url(imageCharacters + 1)})`), [
    `${question}:23: image: found a data: address of ${imageCharacters + 1} characters; ${image}`,
  ])
})

test('a link to an image stays a link, also when it is a bare address', async () => {
  for (const markdown of ['https://x.test/a.png', '<https://x.test/a.png>', '[!](https://x.test/a.png)'])
    assert.deepEqual(await inProse(markdown), [])
})

test('a definition that a link uses too is judged as a link', async () => {
  assert.deepEqual(await inProse('![a][i] [a][i]\n\n[i]: data:image/png;base64,AAAA'), [
    `${question}:25: link: found "data:image/png;base64,AAAA"; expected https://…, a path from the root like /questions/git/rebase/, or #heading`,
  ])
})

test('checks every field that a page reads as Markdown', async () => {
  const remote = '![a](https://x.test/a.png)'
  const fields: [file: string, find: string, replacement: string, field: string][] = [
    [questionFile, 'What does a rebase do?', `What ${remote}?`, 'title'],
    [questionFile, '```c skip', `\`\`\`c title="${remote}" skip`, 'fence title'],
    [questionFile, 'What does a rebase do?', "'[What](javascript:alert)?'", 'link'],
    [questionFile, '- [ ] copies', `- [ ] copies ${remote}`, 'image'],
    [quizFile, 'prompt: What is made?', `prompt: "${remote}"`, 'what.prompt'],
    [quizFile, 'items: [one,', `items: ["${remote}",`, 'order.items[0]'],
    ['kits/back-end.yaml', 'weight: 3', `weight: 3, note: "${remote}"`, 'questions[0].note'],
  ]
  for (const [file, find, replacement, field] of fields) {
    const messages = (await messagesOf(file, find, replacement)).filter((message) => message.includes(`: ${field}: `))
    assert.equal(messages.length, 1, `${file}: ${replacement}`)
  }
})

test('rejects raw HTML however it is written', async () => {
  for (const html of [
    '<script>alert(1)</script>',
    '<img src="https://x.test/a.png">',
    '<IMG SRC=x onerror=alert(1)>',
    'text <img src="https://x.test/a.png"> text',
    '<svg onload="alert(1)">',
    '<style>@import "https://x.test/a.css"</style>',
    '<link rel=stylesheet href="//x.test/a.css">',
    '<iframe src="https://x.test/"></iframe>',
    '<div\nstyle="background:url(https://x.test/a.png)">',
    '<video poster="https://x.test/a.png">',
    '- <object data="https://x.test/">',
    '> <embed src="https://x.test/">',
    '|a|\n|-|\n|<img src=x>|',
    '#### <b>title</b>',
    '<!-- a --><img src=https://x.test/a.png><!-- b -->',
    'text <!-- a --><img src=x><!-- b -->',
    '<!--> <img src=https://x.test/a.png> -->',
    '<!---> <img src=https://x.test/a.png> -->',
    '<!-- --!> <img src=https://x.test/a.png> -->',
    '<?php echo 1 ?>',
    '<!DOCTYPE html>',
    '<![CDATA[ <img src=x> ]]>',
    '<base href="https://x.test/">',
    '<meta http-equiv=refresh content="0;url=https://x.test/">',
    '<a href="javascript:alert(1)">x</a>',
    '<x-element></x-element>',
    '</p>',
  ])
    assert.match((await inProse(html)).join('\n'), /: html: found .*; expected Markdown/, html)
})

test('rejects links that run code', async () => {
  for (const url of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '&#106;avascript:x',
  ])
    for (const markdown of [`[a](${url})`, `[a][b]\n\n[b]: ${url}`])
      assert.match((await inProse(markdown)).join('\n'), /: link: found .*; expected https:/, markdown)
  assert.match((await inProse('<javascript:alert(1)>')).join('\n'), /: link: found "javascript:alert\(1\)"/)
})

test('comments and HTML in code stay allowed', async () => {
  for (const markdown of ['<!-- note -->', '<!-- a\nb -- c -->', '`<img src=x>`', 'a &lt;b&gt; c', 'a \\<b> c'])
    assert.deepEqual(await inProse(markdown), [], markdown)
})
