import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chart } from '../../scripts/chart.ts'

const root = join(import.meta.dirname, '../../charts/pawl')

test('the chart is what the core says (else run "node scripts/chart.ts")', async () => {
  for (const [name, text] of Object.entries(await chart()))
    expect(readFileSync(join(root, name), 'utf8'), name).toBe(text)
})
