// What a bench is, and how its figures are judged and printed. A figure without a target would only be a number.

export interface Figure {
  name: string
  value: number
  /** Absent for a ratio. */
  unit?: 'ms' | 'MB'
  /** The figure is met when it is at most this, or below it. */
  target: { most: number } | { below: number }
}

export interface Bench {
  name: string
  title: string
  usually: string
  run(args: readonly string[], say: (line: string) => void): Promise<Figure[]>
}

export function isMet({ value, target }: Figure): boolean {
  if (!Number.isFinite(value)) return false
  return 'most' in target ? value <= target.most : value < target.below
}

export function figureText(figure: Figure): string {
  const { value, unit, target } = figure
  const goal = 'most' in target ? `at most ${number(target.most, unit)}` : `below ${number(target.below, unit)}`
  return `${number(value, unit)} (target: ${goal}${isMet(figure) ? '' : ', MISSED'})`
}

/** One row for each figure. */
export function tableOf(figures: readonly Figure[]): string[] {
  const width = Math.max(0, ...figures.map(({ name }) => name.length))
  return figures.map(
    (figure) => `${isMet(figure) ? 'ok    ' : 'MISSED'}  ${figure.name.padEnd(width)}  ${figureText(figure)}`,
  )
}

/** The one line that others read. */
export function lastLine(bench: string, figures: readonly Figure[]): string {
  return `${bench}: ${figures.map((figure) => `${figure.name} ${figureText(figure)}`).join('; ')}`
}

/** The middle one, or the mean of the two in the middle; NaN where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

function number(value: number, unit: Figure['unit']): string {
  return unit === undefined ? value.toFixed(2) : `${value.toFixed(0)} ${unit}`
}
