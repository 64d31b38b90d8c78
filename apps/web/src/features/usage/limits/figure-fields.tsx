import { TextField } from '@parley/ui'
import { useState } from 'react'
import { fieldText, readWhole } from '../../shell/whole-number.ts'

export interface Figures {
  requestsPerHour: number | null
  requestBurst: number | null
  tokensPerDay: number | null
}

const labels: Record<keyof Figures, string> = {
  requestsPerHour: 'Messages an hour',
  requestBurst: 'At once',
  tokensPerDay: 'Tokens a day',
}
const names = Object.keys(labels) as (keyof Figures)[]

/** What is written into the three fields of a limit, and what is wrong with it. */
export function useFigures(figures: Figures | undefined) {
  const [texts, setTexts] = useState<Record<keyof Figures, string>>({
    requestsPerHour: fieldText(figures?.requestsPerHour),
    requestBurst: fieldText(figures?.requestBurst),
    tokensPerDay: fieldText(figures?.tokensPerDay),
  })
  const [problems, setProblems] = useState<Record<string, string>>({})
  return {
    texts,
    problems,
    change: (name: keyof Figures, text: string) => setTexts((current) => ({ ...current, [name]: text })),
    /** The figures; undefined where one is none, which is said beside its field then. */
    read(): Figures | undefined {
      const values = names.map((name) => [name, readWhole(texts[name])] as const)
      const wrong = values.filter(([, value]) => value === undefined)
      setProblems(Object.fromEntries(wrong.map(([name]) => [name, 'A whole number, such as 100, or nothing.'])))
      return wrong.length > 0 ? undefined : (Object.fromEntries(values) as unknown as Figures)
    },
  }
}

/** The three fields of a limit. `errors` are the server's, by field. */
export function FigureFields({
  figures: { texts, problems, change },
  errors,
}: {
  figures: ReturnType<typeof useFigures>
  errors: Record<string, string>
}) {
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      {names.map((name) => (
        <TextField
          key={name}
          label={labels[name]}
          inputMode="numeric"
          value={texts[name]}
          placeholder={name === 'requestBurst' ? texts.requestsPerHour : undefined}
          error={problems[name] ?? errors[name]}
          onChange={(event) => change(name, event.currentTarget.value)}
        />
      ))}
    </div>
  )
}
