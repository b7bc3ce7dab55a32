// A throw-away PostgreSQL server: no durability, no network, one private directory that goes when the server goes.
import { chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import type { ScratchRequest, ScratchServer } from '../../ports/pgtools.ts'
import type { Processes, RunningProgram } from '../../ports/process.ts'
import { errorLines } from './programs.ts'

const START_TIMEOUT_MS = 60_000
const PORT = 5432
/** A shell that a signal ended gives 128 and the signal's number. */
const KILLED = 128

/** What the ended program has started may still write for a moment. The directory's own name is in one that may be somebody else's. */
const REMOVE = `
tries=0
until rm -rf "$dir"/* 2>/dev/null || [ "$tries" -ge 50 ]; do tries=$((tries + 1)); sleep 0.2; done
rmdir "$dir" 2>/dev/null`

/**
 * Runs the server as a child of a shell that holds the reading end of our pipe: when this process ends in any way, SIGKILL
 * included, the read returns, the server is told to stop at once and its directory is removed. It is told again and again: whatever
 * a shell starts in the background does not hear SIGQUIT until it has asked for it, which a server that has just begun has not.
 */
const WATCHED = `
dir=$1; shift
exec 3<&0
"$@" </dev/null >/dev/null 2>"$dir/log" 3<&- &
server=$!
end() { while kill -QUIT "$server" 2>/dev/null; do sleep 0.2; done; }
{ read -r _ <&3; end; } &
watcher=$!
trap 'end &' TERM INT
wait "$server"
while kill -0 "$server" 2>/dev/null; do wait "$server"; done
kill "$watcher" 2>/dev/null
${REMOVE}
`

/** Makes the server's files, watched like the server: nobody else would end initdb, or take away what it has made so far. */
const WATCHED_INITDB = `
dir=$1; shift
exec 3<&0
"$@" </dev/null >/dev/null 3<&- &
initdb=$!
{ read -r _ <&3; kill "$initdb" 2>/dev/null; } &
watcher=$!
wait "$initdb"; status=$?
kill "$watcher" 2>/dev/null
if [ "$status" -ne 0 ]; then
  ${REMOVE}
fi
exit "$status"
`

interface ScratchOptions {
  processes: Processes
  at: (program: string) => string
  scratchUser?: { uid: number; gid: number }
}

function settingsOf(request: ScratchRequest, sockets: string): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '4GB',
    checkpoint_timeout: '1h',
    autovacuum: 'off',
    // Containers have 64 MB of /dev/shm, less than a parallel query may ask for.
    dynamic_shared_memory_type: 'mmap',
    shared_buffers: '256MB',
    // pg_restore's own workers fill the processors: more would only get in each other's way.
    max_parallel_maintenance_workers: '0',
    jit: 'off',
    track_activities: 'off',
    track_counts: 'off',
    bgwriter_lru_maxpages: '0',
    max_locks_per_transaction: '1024',
    max_connections: String(20 + 4 * request.jobs),
    logging_collector: 'off',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function cannotStart(why: string): PawlError {
  return new PawlError({ code: 'backup-failed', message: `The scratch server for the proof does not start: ${why}.` })
}

async function isReady(data: string): Promise<boolean> {
  // The postmaster writes its state into the eighth line, https://www.postgresql.org/docs/current/storage-file-layout.html
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')[7]?.trim() === 'ready'
}

async function waitUntilReady(running: RunningProgram, directory: string, signal?: AbortSignal): Promise<void> {
  let over = false
  void running.ended.then(() => (over = true))
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!(await isReady(join(directory, 'data')))) {
    signal?.throwIfAborted()
    if (over || Date.now() > deadline) {
      const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '')
      throw cannotStart(errorLines(log) || 'it gave no reason')
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Somebody killed the shell alone. Nobody else ends the server then, which would run on in a directory that is gone. */
async function endUnwatched(data: string): Promise<void> {
  const pid = Number.parseInt(await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => ''), 10)
  try {
    if (pid > 1) process.kill(pid, 'SIGQUIT')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

export async function startScratch(
  options: ScratchOptions,
  request: ScratchRequest,
  signal?: AbortSignal,
): Promise<ScratchServer> {
  const { processes, scratchUser } = options
  const directory = await mkdtemp(request.beginning)
  const [data, sockets] = [join(directory, 'data'), join(directory, 's')]
  const as = scratchUser === undefined ? {} : { as: scratchUser }
  const env = { LC_ALL: 'C', PGOPTIONS: '', TZ: 'UTC' }
  let running: RunningProgram | undefined

  async function stop(): Promise<void> {
    if (running !== undefined) {
      running.stdin.end()
      const late = setTimeout(() => void running?.stop(), 20_000)
      const { exitCode } = await running.ended
      clearTimeout(late)
      if (exitCode > KILLED) await endUnwatched(data)
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  try {
    await mkdir(sockets, { mode: 0o700 })
    if (scratchUser !== undefined) {
      await chown(directory, scratchUser.uid, scratchUser.gid)
      await chown(sockets, scratchUser.uid, scratchUser.gid)
    }
    const args = ['-D', data, '-U', request.superuser, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    const watched = ['-c', WATCHED_INITDB, 'pawl-initdb', directory, options.at('initdb'), ...args]
    const initdb = await processes.start({ program: '/bin/sh', args: watched, env, cwd: '/', ...as })
    initdb.stdout.resume()
    const stopped = (): void => void initdb.stdin.end()
    signal?.addEventListener('abort', stopped, { once: true })
    if (signal?.aborted === true) stopped()
    const made = await initdb.ended
    signal?.removeEventListener('abort', stopped)
    initdb.stdin.end()
    signal?.throwIfAborted()
    if (made.exitCode !== 0) throw cannotStart(`initdb ended with ${made.exitCode}: ${errorLines(made.stderr)}`)
    const server = [options.at('postgres'), '-D', data, ...settingsOf(request, sockets)]
    running = await processes.start({
      program: '/bin/sh',
      args: ['-c', WATCHED, 'pawl-scratch', directory, ...server],
      env,
      cwd: '/',
      ...as,
    })
    running.stdout.resume()
    await waitUntilReady(running, directory, signal)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    target: (database) => ({ host: sockets, port: PORT, database, user: request.superuser, tls: 'disable' }),
    stop,
  }
}
