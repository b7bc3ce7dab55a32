// What a program without care would leave or lose, put there on purpose: the trial's own checks must find each.
import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Ground } from './ground.ts'

/** Gives how to put it right again. */
type Plant = (ground: Ground, goodSet: string) => Promise<() => Promise<unknown>>

export const PLANTS: Record<string, Plant> = {
  async 'a process'({ root }) {
    const stray = spawn('sleep', ['60'], { cwd: root })
    return async () => stray.kill('SIGKILL')
  },
  async 'a session'({ server }) {
    const session = await server.connect('postgres', 'pawl')
    return async () => await session.end()
  },
  async 'a temporary file'({ root }) {
    const file = join(root, 'tmp', 'stray')
    await writeFile(file, '')
    return async () => await rm(file)
  },
  async 'a database'({ server }) {
    await server.query('postgres', 'create database stray')
    return async () => await server.query('postgres', 'drop database stray')
  },
  async 'a row'({ server }) {
    const [gone] = await server.query(
      'ai_db',
      'with gone as (delete from prompts where id = 1 returning *) select row_to_json(gone)::text as row from gone',
    )
    const row = `json_populate_record(null::prompts, $row$${String(gone?.['row'])}$row$)`
    return async () => await server.query('ai_db', `insert into prompts select * from ${row}`)
  },
  async 'an object of the good set'({ deps, direct }, goodSet) {
    const store = await deps.openStore(direct.s3)
    const name = `${goodSet}/ledger/digests.json.age`
    const bytes = await buffer(await store.get(name))
    await store.remove(name)
    return async () => await store.put(name, bytes)
  },
}
