// Which sets count: those whose stored bytes were restored and found equal to their source.

export function countsAsProven(rung: string | undefined): boolean {
  return rung === 'proven' || rung === 'rehearsed'
}
