import type { Conversation } from '@parley/contract'

export interface Group {
  title: string
  conversations: Conversation[]
}

/** Conversations (newest first) under the names people give to the past, in this place's time. */
export function groupByTime(conversations: readonly Conversation[], now = new Date()): Group[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate())
  const daysBefore = (days: number) =>
    new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() - days).getTime()
  const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric' })
  const titleOf = (at: number) => {
    if (at >= daysBefore(0)) return 'Today'
    if (at >= daysBefore(1)) return 'Yesterday'
    if (at >= daysBefore(7)) return 'Last 7 days'
    if (at >= daysBefore(30)) return 'Last 30 days'
    return month.format(at)
  }
  const groups: Group[] = []
  for (const conversation of conversations) {
    const title = titleOf(Date.parse(conversation.updatedAt))
    const last = groups.at(-1)
    if (last?.title === title) last.conversations.push(conversation)
    else groups.push({ title, conversations: [conversation] })
  }
  return groups
}
