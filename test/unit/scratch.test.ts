// The throw-away server of a proof ends with whoever started it, also where it has only just begun.
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { startScratch } from '../../src/adapters/postgres/scratch.ts'

const PROGRAMS = {
  initdb: `import { mkdirSync } from 'node:fs'
mkdirSync(process.argv[3], { recursive: true })`,
  // Ready at once, and deaf to the first word.
  postgres: `import { writeFileSync } from 'node:fs'
let heard = 0
process.on('SIGQUIT', () => ++heard > 1 && process.exit(0))
writeFileSync(process.argv[3] + '/postmaster.pid', process.pid + '\\n'.repeat(7) + 'ready\\n')
setInterval(() => undefined, 1000)`,
}

test('a server that does not hear the first word ends all the same, and soon', async () => {
  const place = await mkdtemp(join(tmpdir(), 'pawl-scratch-test-'))
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await writeFile(join(place, `${name}.mjs`), text)
    await writeFile(join(place, name), `#!/bin/sh\nexec '${process.execPath}' '${place}/${name}.mjs' "$@"\n`)
    await chmod(join(place, name), 0o755)
  }
  const options = { processes: childProcesses(), at: (program: string) => join(place, program) }
  const server = await startScratch(options, { beginning: join(place, 'scratch-'), superuser: 'pawl', jobs: 1 })
  const before = performance.now()
  await server.stop()
  expect(performance.now() - before).toBeLessThan(10_000)
  expect((await readdir(place)).filter((name) => name.startsWith('scratch-'))).toEqual([])
  await rm(place, { recursive: true })
})
