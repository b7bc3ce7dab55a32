// From definitions to a command line: parsing, help and the mapping of errors to exit codes.
import { Command, CommanderError, Option } from 'commander'
import { PawlError } from '../../core/errors.ts'
import type { CommandDefinition, OptionDefinition, Options } from './define.ts'
import type { Doors, GlobalOptions, Session, Terminal } from './session.ts'

export interface Program {
  commands: readonly CommandDefinition[]
  version: string
  doors: Doors
  terminal: Terminal
  stop: AbortSignal
  env: Record<string, string | undefined>
}

const GLOBAL_OPTIONS: OptionDefinition[] = [
  { flags: '-n, --namespace <name>', text: 'namespace of the release (default: the one of the context)' },
  { flags: '--context <name>', text: 'context of the kubeconfig' },
  { flags: '--kubeconfig <file>', text: 'kubeconfig file' },
  { flags: '-o, --output <form>', text: 'text or json', default: 'text' },
  { flags: '--yes', text: 'do not ask; for scripts' },
]

/** Parses, runs one command, and gives its exit code. Throws PawlError and whatever else a command throws. */
export async function runProgram(program: Program, argv: readonly string[]): Promise<number> {
  let code = 0
  const root = new Command('pawl')
    .description(
      'Takes self-hosted software installed with Helm from one release to the next, and never lets it slip back.',
    )
    .version(program.version, '-V, --version', 'print the version')
    .configureOutput({
      writeOut: (text) => program.terminal.write(text),
      writeErr: () => undefined,
    })
    // So that a command can have an option --version of its own.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError(false)
  for (const definition of program.commands) {
    addCommand(root, definition, program, (result) => {
      code = result
    })
  }
  try {
    await root.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') {
      program.terminal.write(root.helpInformation())
      return 64
    }
    throw new PawlError({
      code: 'usage',
      message: error.message.replace(/^error: /, ''),
      unchanged: 'Nothing was changed.',
    })
  }
  return code
}

function addCommand(
  root: Command,
  definition: CommandDefinition,
  program: Program,
  done: (code: number) => void,
): void {
  const words = definition.name.split(' ')
  const last = words.pop() ?? definition.name
  let parent = root
  for (const word of words) {
    parent = parent.commands.find((command) => command.name() === word) ?? group(parent, word)
  }
  const command = parent
    .command(`${last} ${definition.args ?? ''}`.trim())
    .description(definition.summary)
    .exitOverride()
  for (const option of [...(definition.options ?? []), ...GLOBAL_OPTIONS]) command.addOption(toOption(option))
  if (definition.examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${definition.examples.map((line) => `  ${line}`).join('\n')}`)
  command.action(async (...received: unknown[]) => {
    const args = received.slice(0, -2).filter((argument) => typeof argument === 'string')
    const options = command.opts<Options>()
    done(await definition.run(sessionOf(program, options), args, options))
  })
}

const GROUPS: Record<string, string> = {
  runs: 'look at runs, go on with one, or give one up',
  backup: 'take, list and prove backup sets',
  keys: 'hand the key that opens the backup sets to a person',
  package: "list, download and compare the vendor's customer packages",
  releases: 'every known release of a product, from its history, chart sources and snapshots',
  profile: 'what Pawl knows of a product, why it says what it says, and whether a profile of your own is sound',
  guard: 'keep old releases from running on a newer schema, whoever asks',
}

function group(parent: Command, word: string): Command {
  return parent
    .command(word)
    .description(GROUPS[word] ?? '')
    .exitOverride()
}

function toOption(definition: OptionDefinition): Option {
  const option = new Option(definition.flags, definition.text)
  if (definition.default !== undefined) option.default(definition.default)
  if (definition.many === true) {
    option.argParser<string[]>((value, previous) => [...(Array.isArray(previous) ? previous : []), value])
  }
  return option
}

function sessionOf(program: Program, options: Options): Session {
  const output = options['output'] ?? 'text'
  if (output !== 'text' && output !== 'json')
    throw new PawlError({ code: 'usage', message: `--output takes text or json, got "${String(output)}"` })
  const text = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined)
  const [namespace, context, kubeconfig] = [text('namespace'), text('context'), text('kubeconfig')]
  const global: GlobalOptions = {
    output,
    yes: options['yes'] === true,
    ...(namespace === undefined ? {} : { namespace }),
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  }
  return { global, doors: program.doors, terminal: program.terminal, stop: program.stop }
}
