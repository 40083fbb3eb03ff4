/** The picture that a shared link shows: drawn at build with the site's own face, kept by content hash. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'
import satori from 'satori'
import { root } from './content.ts'

export type Picture = { title: string; label: string; foot: string }

const require = createRequire(join(root, 'apps', 'site', 'package.json'))
const face = (weight: number) =>
  readFile(require.resolve(`@fontsource/source-serif-4/files/source-serif-4-latin-${weight}-normal.woff`))
let faces: Promise<[Buffer, Buffer]> | undefined

const box = (style: Record<string, unknown>, ...children: unknown[]) => ({
  type: 'div',
  props: { style: { display: 'flex', ...style }, children },
})

/** Changes when the drawing changes, so that no kept picture outlives it. */
const edition = 1

/** 1200 × 630 PNG. */
export async function draw(picture: Picture): Promise<Buffer> {
  const name = createHash('sha256')
    .update(JSON.stringify([edition, picture]))
    .digest('hex')
    .slice(0, 32)
  const folder = join(root, '.cache', 'og')
  const kept = await readFile(join(folder, `${name}.png`)).catch(() => undefined)
  if (kept) return kept
  faces ??= Promise.all([face(400), face(600)])
  const [regular, semibold] = await faces
  const size = picture.title.length > 70 ? 60 : picture.title.length > 42 ? 70 : 84
  const svg = await satori(
    box(
      {
        width: '100%',
        height: '100%',
        flexDirection: 'column',
        justifyContent: 'space-between',
        padding: '64px 72px',
        backgroundColor: '#fbfaf7',
        color: '#1b1d22',
        fontFamily: 'Source Serif',
      },
      box({ fontSize: 32, color: '#5b5f68' }, picture.label),
      box({ fontSize: size, fontWeight: 600, lineHeight: 1.12, letterSpacing: '-0.018em' }, picture.title),
      box(
        {
          justifyContent: 'space-between',
          alignItems: 'flex-end',
          borderTop: '2px solid #dedcd6',
          paddingTop: 26,
          fontSize: 30,
        },
        box({ fontWeight: 600 }, 'viva', box({ color: '#d9480f' }, '.')),
        box({ color: '#5b5f68' }, picture.foot),
      ),
    ) as never,
    {
      width: 1200,
      height: 630,
      fonts: [
        { name: 'Source Serif', data: regular, weight: 400, style: 'normal' },
        { name: 'Source Serif', data: semibold, weight: 600, style: 'normal' },
      ],
    },
  )
  const png = new Resvg(svg).render().asPng()
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.png`), png)
  return png
}
