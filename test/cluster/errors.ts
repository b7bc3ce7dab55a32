// The two ways this program fails on purpose.

export const threeWays = [
  'There are three ways to get a test cluster:',
  '  1. name your own:    PAWL_TEST_KUBECONFIG=/path/to/kubeconfig PAWL_TEST_REGISTRY=host:port',
  '  2. with Docker:      a Docker daemon that answers, and `kind` (https://kind.sigs.k8s.io) on the PATH',
  '  3. from source:      Linux with apt (Debian 12 or newer), root, and Go 1.26 or newer on the PATH',
].join('\n')

/** Something that this machine cannot give. Exit code 69 (EX_UNAVAILABLE); nothing was changed. */
export class ClusterUnavailable extends Error {
  readonly exitCode = 69
  constructor(reason: string) {
    super(`no test cluster can be had here: ${reason}\nNothing was changed.\n${threeWays}`)
    this.name = 'ClusterUnavailable'
  }
}

/** A program that we ran did not do its work. The message carries the end of what it said. */
export class CommandFailed extends Error {
  readonly exitCode: number | null
  constructor(command: string, exitCode: number | null, said: string) {
    const tail = said.trimEnd().split('\n').slice(-25).join('\n')
    super(`${command}: ${exitCode === null ? 'killed' : `exit code ${exitCode}`}${tail ? `\n${tail}` : ''}`)
    this.name = 'CommandFailed'
    this.exitCode = exitCode
  }
}
