// A small lexer for TypeScript: enough to tell code from comments and texts, and to find imports. It does not parse.

export interface Token {
  type: 'name' | 'text' | 'mark' | 'comment'
  /** The source as written; of a text the part between its quotes. */
  value: string
  line: number
}

export interface Import {
  from: string
  line: number
  /** True for `import type` and `export type`. */
  isType: boolean
}

const NAME = /[\p{ID_Start}$_#][\p{ID_Continue}$]*|\d[\w.]*/uy
const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y
const TEXT = /'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)"/y
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
/** After one of these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /^(?:[=(,:;!&|?{}[+\-*%<>~^]|return|typeof|case|in|of|do|else|void|throw|await|yield|=>)$/

export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  // Depth of braces inside each open `${`: the closing one goes back into the template.
  const templates: number[] = []
  let at = 0
  let line = 1
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  const take = (length: number, token?: Omit<Token, 'line'>): void => {
    if (token !== undefined) tokens.push({ ...token, line })
    line += source.slice(at, at + length).split('\n').length - 1
    at += length
  }
  const takeTemplate = (): void => {
    const end = endOfTemplate(source, at + 1)
    if (source.startsWith('${', end)) templates.push(0)
    take(end - at + (source.startsWith('${', end) ? 2 : 1), { type: 'text', value: source.slice(at + 1, end) })
  }
  while (at < source.length) {
    const space = match(SPACE)
    const comment = match(COMMENT)
    const text = match(TEXT)
    const char = source[at] ?? ''
    const regex = char === '/' && mayBeginRegex(tokens) ? match(REGEX) : null
    const name = match(NAME)
    if (space !== null) take(space[0].length)
    else if (comment !== null) take(comment[0].length, { type: 'comment', value: comment[0] })
    else if (text !== null) take(text[0].length, { type: 'text', value: text[1] ?? text[2] ?? '' })
    else if (char === '`') takeTemplate()
    else if (char === '}' && templates.at(-1) === 0) {
      templates.pop()
      takeTemplate()
    } else if (regex !== null) take(regex[0].length, { type: 'text', value: regex[0] })
    else if (name !== null) take(name[0].length, { type: 'name', value: name[0] })
    else {
      const step = char === '{' ? 1 : char === '}' ? -1 : 0
      if (templates.length > 0) templates.push((templates.pop() ?? 0) + step)
      take(1, { type: 'mark', value: char })
    }
  }
  return tokens
}

/** Every module a file names: imports, re-exports, `import()` in code and in types. */
export function importsOf(source: string): Import[] {
  const tokens = tokenize(source).filter((token) => token.type !== 'comment')
  const found: Import[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'name' || tokens[index - 1]?.value === '.') continue
    if (token.value !== 'import' && token.value !== 'export') continue
    const module = moduleAfter(tokens, index)
    if (module !== undefined) found.push(module)
  }
  return found
}

function moduleAfter(tokens: Token[], index: number): Import | undefined {
  const [first, second] = [tokens[index + 1], tokens[index + 2]]
  const isType = first?.value === 'type' && first.type === 'name' && second?.value !== 'from'
  if (tokens[index]?.value === 'import') {
    if (first?.type === 'text') return { from: first.value, line: first.line, isType: false }
    if (first?.value === '(' && second?.type === 'text') return { from: second.value, line: second.line, isType: false }
  }
  let depth = 0
  for (let next = index + 1; next < tokens.length; next += 1) {
    const token = tokens[next]
    if (token === undefined || token.type === 'text') return undefined
    if (token.value === '{') depth += 1
    if (token.value === '}') depth -= 1
    const source = tokens[next + 1]
    if (depth === 0 && token.value === 'from' && source?.type === 'text')
      return { from: source.value, line: source.line, isType }
    if (depth === 0 && !isClausePart(token)) return undefined
  }
  return undefined
}

function isClausePart(token: Token): boolean {
  const keywords = ['function', 'const', 'class', 'interface', 'async', 'abstract', 'declare', 'let']
  return token.type === 'name' ? !keywords.includes(token.value) : ['{', '}', ',', '*'].includes(token.value)
}

function endOfTemplate(source: string, from: number): number {
  let at = from
  while (at < source.length && source[at] !== '`' && !source.startsWith('${', at)) at += source[at] === '\\' ? 2 : 1
  return at
}

function mayBeginRegex(tokens: Token[]): boolean {
  const before = tokens.findLast((token) => token.type !== 'comment')
  return before === undefined || (before.type !== 'text' && BEFORE_REGEX.test(before.value))
}
