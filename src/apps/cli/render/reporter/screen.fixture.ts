// A screen for tests: understands just what the live view writes, and wraps as a terminal does.

export interface Screen {
  write(text: string): void
  lines(): string[]
  /** Writes since the screen was made. */
  writes: number
}

/** Throws on a control sequence that the live view has no business with. */
export function createScreen(columns: number): Screen {
  const rows: string[] = ['']
  let [row, column] = [0, 0]
  const put = (char: string): void => {
    if (column === columns) [row, column] = [row + 1, 0]
    const line = (rows[row] ?? '').padEnd(column)
    rows[row] = line.slice(0, column) + char + line.slice(column + 1)
    column += 1
  }
  const obey = (count: number, command: string): void => {
    if (command === 'A') row = Math.max(0, row - count)
    else if (command === 'K') rows[row] = (rows[row] ?? '').slice(0, column)
    else if (command === 'J') {
      rows.length = row + 1
      rows[row] = (rows[row] ?? '').slice(0, column)
    } else if (command !== 'm') throw new Error(`unexpected control sequence ${command}`)
  }
  return {
    writes: 0,
    write(text) {
      this.writes += 1
      // oxlint-disable-next-line no-control-regex -- control sequences are what it reads
      for (const [part, count, command] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|[^]/g)) {
        if (command !== undefined) obey(Number(count === '' ? 1 : count), command)
        else if (part === '\n') [row, column] = [row + 1, 0]
        else if (part === '\r') column = 0
        else put(part)
        rows[row] ??= ''
      }
    },
    lines: () => rows.map((line) => line.trimEnd()),
  }
}
