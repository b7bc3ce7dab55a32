// A table of many short rows beside a wide one that is a bigger file: what pg_restore finds of the two when it is to begin.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseTarget } from '../../../src/core/data/tasks.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { TestServer } from '../../support/postgres.ts'
import type { World } from './world.ts'

const TABLES = `
  create table narrow (id int primary key); insert into narrow select i from generate_series(1, 100000) i;
  create table wide (id int primary key, body bytea);
  insert into wide select i, (select string_agg(sha256((i * 1000 + j)::text::bytea), '') from generate_series(1, 80) j) from generate_series(1, 600) i;
  do $$ begin for i in 1..40 loop perform lo_from_bytea(0, decode(repeat(md5(i::text), i * 100), 'hex')); end loop; perform lo_create(0); end $$;`

export interface Seen {
  /** Sizes of the two tables' files when pg_restore began, and of all blocks that they take. */
  files: { sizeBytes: number; onDiskBytes: number }[]
  /** Files of large objects then. */
  objects: number
  rung: string
}

/** Makes the database `shapes`, backs it up and proves it. */
export async function proveNarrow(server: TestServer, world: World): Promise<Seen> {
  await server.query('postgres', 'create database shapes')
  await server.query('shapes', TABLES)
  const [base] = world.databases
  if (base?.admin === undefined) throw new Error('no administrator')
  const databases: DatabaseTarget[] = [{ ...base, role: 'shapes', database: 'shapes', login: base.admin }]
  await runDataTask(world.backupTask('ns/rel/shapes', { databases }), world.deps)
  let seen: Omit<Seen, 'rung'> = { files: [], objects: 0 }
  const toolbox: World['deps']['toolbox'] = {
    async forServer(major) {
      const tools = await world.deps.toolbox.forServer(major)
      return {
        ...tools,
        async restore(request, signal) {
          const names = await readdir(request.directory)
          const tables = names.filter((name) => /^\d+\.dat/.test(name)).toSorted()
          const files = await Promise.all(tables.map(async (name) => await stat(join(request.directory, name))))
          seen = {
            files: files.map(({ size, blocks }) => ({ sizeBytes: size, onDiskBytes: blocks * 512 })),
            objects: names.filter((name) => name.startsWith('blob_')).length,
          }
          await tools.restore(request, signal)
        },
      }
    },
  }
  const { rung } = await runDataTask(world.proveTask('ns/rel/shapes'), { ...world.deps, toolbox })
  return { ...seen, rung }
}
