// Commands are data: help, parsing, exit codes and JSON come from the definition; a command only does its work.
import type { Session } from './session.ts'

export interface OptionDefinition {
  /** As commander reads it, for example `-f, --values <file>`. */
  flags: string
  text: string
  /** May be given several times; the order is kept. */
  many?: boolean
  default?: string
}

export interface CommandDefinition {
  /** Words after `pawl`, for example `runs list`. */
  name: string
  summary: string
  /** As commander reads it, for example `<release>`; empty for none. */
  args?: string
  options?: OptionDefinition[]
  /** Lines shown under the options: examples that run. */
  examples?: string[]
  /** Returns the process exit code; throws PawlError for everything that went wrong. */
  run(session: Session, args: string[], options: Options): Promise<number>
}

/** Values of a command's options by their long name in camelCase. */
export type Options = Record<string, string | boolean | string[] | undefined>

export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition
}

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

export function listOption(options: Options, name: string): string[] {
  const value = options[name]
  return Array.isArray(value) ? value : []
}

export function flag(options: Options, name: string): boolean {
  return options[name] === true
}
