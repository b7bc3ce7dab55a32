// What the demo prints around Pawl's own output: chapters with times, and the figures at the end.

export class Story {
  readonly #startedAt = performance.now()
  #chapter = 0

  chapter(title: string): void {
    this.#chapter += 1
    console.log(`\n[${this.#elapsed()}] ${this.#chapter}. ${title}`)
  }

  detail(line: string): void {
    console.log(`[${this.#elapsed()}]    ${line}`)
  }

  summary(figures: [string, string][]): void {
    console.log(`\n[${this.#elapsed()}] What happened`)
    const width = Math.max(...figures.map(([name]) => name.length))
    for (const [name, value] of figures) console.log(`  ${name.padEnd(width)}  ${value}`)
  }

  farewell(kubeconfig: string, binDir: string, namespace: string): void {
    console.log(`
The cluster stays up. Look around:
  export KUBECONFIG=${kubeconfig} PATH=${binDir}:$PATH
  kubectl get runs,backupsets,pods -n ${namespace}
  npx pawl runs list tally -n ${namespace}
Take everything down:  npm run cluster -- down
Done in ${this.#elapsed()}.`)
  }

  #elapsed(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
}
