// pawl backup images: what was taken out of a set, and how to go on with it.
import type { ResultOf } from '../../../core/data/tasks.ts'
import { formatBytes, plural, shortHash } from './format.ts'
import { cleanLine, mark, paintWith } from './style.ts'
import { renderTable } from './table.ts'

export interface ShownImages extends ResultOf<'take-images'> {
  set: string
  where: string
}

const COLUMNS = [{ title: 'IMAGE' }, { title: 'DIGEST' }, { title: 'PLATFORMS' }, { title: 'IS NOW' }]

export function renderImages(
  { set, where, images, made, bytes }: ShownImages,
  isLayout: boolean,
  colour: boolean,
): string {
  const paint = paintWith(colour)
  const rows = images.map(({ image, digest, platforms, as }) => [
    cleanLine(image),
    shortHash(digest.replace(/^sha256:/, '')),
    platforms.join(', '),
    cleanLine(as),
  ])
  const what = isLayout
    ? `${plural(made, 'file')} new, ${formatBytes(bytes)} in all`
    : `${plural(made, 'blob')} new, ${formatBytes(bytes)} sent`
  const lines = [
    ...renderTable(COLUMNS, rows, paint),
    `${mark(paint, 'done')} ${plural(images.length, 'image')} of ${cleanLine(set)} ${images.length === 1 ? 'is' : 'are'} in ${cleanLine(where)}: ${what}`,
  ]
  const [first] = images
  if (isLayout && first !== undefined)
    lines.push(
      `  one of them to a registry:  skopeo copy oci:${cleanLine(`${where}:${first.as}`)} docker://REGISTRY/NAME:TAG`,
    )
  return `${lines.join('\n')}\n`
}
