// Writes charts/pawl from the policies and definitions of the core. The unit tests fail where the two differ.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { chartFiles } from '../src/core/guard/chart.ts'

const root = join(import.meta.dirname, '..')

export async function chart(): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return chartFiles(version, (value) => stringify(value, { lineWidth: 0 }))
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await chart())) {
    const path = join(root, 'charts/pawl', name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}
