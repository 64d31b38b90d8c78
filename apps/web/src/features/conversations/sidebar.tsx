import type { Conversation } from '@parley/contract'
import {
  Button,
  classNames,
  IconButton,
  Logo,
  Menu,
  MenuChoices,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  Skeleton,
} from '@parley/ui'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { BookOpen, ChevronsUpDown, LogOut, PanelLeft, Search, Settings, SquarePen, X } from 'lucide-react'
import { type KeyboardEvent, useDeferredValue, useEffect, useRef, useState } from 'react'
import { useMe } from '../identity/me.ts'
import { useSignOut } from '../identity/sign-out.ts'
import { explainError } from '../shell/explain-error.ts'
import { type Theme, useTheme } from '../shell/theme.ts'
import { ConversationRow } from './conversation-row.tsx'
import { useDeleteLater, useDoomed } from './delete-later.ts'
import { groupByTime } from './group-by-time.ts'
import { type ListFilter, listConversations } from './list-conversations.ts'

export function Sidebar({ onHide }: { onHide: () => void }) {
  const [search, setSearch] = useState('')
  const [filter, setFilter] = useState<ListFilter>('own')
  return (
    <nav aria-label="Chats" className="flex h-full flex-col bg-surface">
      <div className="flex items-center justify-between px-4 pt-4 pb-3">
        <Link to="/" aria-label="Parley, new chat" className="flex rounded-sm">
          <Logo />
        </Link>
        <IconButton label="Hide chats" size="small" onClick={onHide} tooltip={false}>
          <PanelLeft />
        </IconButton>
      </div>
      <div className="flex flex-col gap-2 px-3 pb-3">
        <Link
          to="/"
          className="flex h-10 items-center gap-2.5 rounded-md bg-accent px-3.5 font-medium text-accent-contrast text-sm shadow-raised transition-colors hover:bg-accent-hover"
        >
          <SquarePen aria-hidden="true" className="size-4" />
          New chat
          <span aria-hidden="true" className="ms-auto hidden font-sans text-xs opacity-80 lg:block">
            {shortcut}
          </span>
        </Link>
        <div className="relative">
          <Search aria-hidden="true" className="absolute inset-y-0 start-3 my-auto size-4 text-text-faint" />
          <input
            type="search"
            aria-label="Search chats"
            placeholder="Search chats"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || !search) return
              // In the drawer it clears the search first, and closes the drawer next.
              event.preventDefault()
              event.stopPropagation()
              setSearch('')
            }}
            className="h-9 w-full appearance-none rounded-md border border-transparent bg-sunken ps-9 pe-8 text-sm placeholder:text-text-faint focus:border-border-strong [&::-webkit-search-cancel-button]:hidden"
          />
          {search && (
            <button
              type="button"
              aria-label="Clear search"
              onClick={() => setSearch('')}
              className="absolute inset-y-0 end-1 my-auto grid size-7 cursor-pointer place-items-center rounded-sm text-text-muted hover:text-text"
            >
              <X aria-hidden="true" className="size-4" />
            </button>
          )}
        </div>
      </div>
      <FilterSwitch value={filter} onChange={setFilter} />
      <ConversationList search={useDeferredValue(search.trim())} filter={filter} />
      <Person />
    </nav>
  )
}

const shortcut = navigator.platform.startsWith('Mac') ? '⇧⌘O' : 'Ctrl+Shift+O'

const filters: { value: ListFilter; label: string }[] = [
  { value: 'own', label: 'Yours' },
  { value: 'shared', label: 'Shared with you' },
]

function FilterSwitch({ value, onChange }: { value: ListFilter; onChange: (filter: ListFilter) => void }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: two buttons that belong together, not a form.
    <div role="group" aria-label="Which chats" className="mx-3 mb-2 flex gap-1 rounded-md bg-sunken p-1">
      {filters.map((filter) => (
        <button
          key={filter.value}
          type="button"
          aria-pressed={value === filter.value}
          onClick={() => onChange(filter.value)}
          className={classNames(
            'flex-1 cursor-pointer rounded-sm px-2 py-1 text-xs',
            value === filter.value
              ? 'bg-raised font-medium text-text shadow-raised'
              : 'text-text-muted hover:text-text',
          )}
        >
          {filter.label}
        </button>
      ))}
    </div>
  )
}

function ConversationList({ search, filter }: { search: string; filter: ListFilter }) {
  const list = useInfiniteQuery(listConversations(search, filter))
  const doomed = useDoomed()
  const navigate = useNavigate()
  const deleteLater = useDeleteLater()
  const active = useParams({ strict: false, select: (params) => (params as { id?: string }).id })
  const conversations = (list.data?.pages ?? []).flatMap((page) => page.data).filter(({ id }) => !doomed.has(id))
  const onDelete = (conversation: Conversation) => {
    deleteLater(conversation)
    if (conversation.id === active) void navigate({ to: '/' })
  }

  /** Arrow keys walk the list. */
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-conversation]')]
    const at = links.indexOf(document.activeElement as HTMLElement)
    if (at < 0) return
    event.preventDefault()
    links[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move the focus between the links inside.
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" onKeyDown={onKeyDown}>
      {list.isPending && <Skeleton className="p-3" lines={6} label="Loading chats" />}
      {list.error && (
        <div className="flex flex-col items-start gap-2 p-3 text-sm text-text-muted">
          {explainError(list.error)}
          <Button size="small" onClick={() => list.refetch()}>
            Try again
          </Button>
        </div>
      )}
      {list.data && conversations.length === 0 && (
        <p className="px-3 py-6 text-center text-sm text-text-muted">
          {search
            ? `No chat is called “${search}”.`
            : filter === 'own'
              ? 'Your chats will be listed here.'
              : 'Chats that others share with you, or with a group you are in, will be listed here.'}
        </p>
      )}
      {groupByTime(conversations).map((group) => (
        <section key={group.title} aria-label={group.title} className="mb-4">
          <h2 className="px-3 pt-2 pb-1 font-medium text-text-faint text-xs">{group.title}</h2>
          <ul>
            {group.conversations.map((conversation) => (
              <ConversationRow
                key={conversation.id}
                conversation={conversation}
                active={conversation.id === active}
                onDelete={onDelete}
              />
            ))}
          </ul>
        </section>
      ))}
      {list.hasNextPage && <MoreWhenSeen onSeen={() => !list.isFetchingNextPage && list.fetchNextPage()} />}
    </div>
  )
}

/** Asks for more when it comes into view; a button for those who do not scroll. */
function MoreWhenSeen({ onSeen }: { onSeen: () => void }) {
  const ref = useRef<HTMLButtonElement>(null)
  const seen = useRef(onSeen)
  seen.current = onSeen
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && seen.current(), {
      rootMargin: '300px',
    })
    observer.observe(ref.current!)
    return () => observer.disconnect()
  }, [])
  return (
    <button ref={ref} type="button" onClick={onSeen} className="w-full cursor-pointer py-2 text-sm text-text-muted">
      Show more
    </button>
  )
}

const themes = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]

function Person() {
  const me = useMe()
  const [theme, setTheme] = useTheme()
  const navigate = useNavigate()
  const signOut = useSignOut()
  if (!me) return null
  return (
    <div className="border-border border-t p-2">
      <Menu
        side="top"
        trigger={
          <button
            type="button"
            className="flex w-full cursor-pointer items-center gap-3 rounded-md px-2 py-2 text-start hover:bg-sunken"
          >
            <span
              aria-hidden="true"
              className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft font-display font-semibold text-accent"
            >
              {me.name.slice(0, 1).toUpperCase()}
            </span>
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium text-sm">{me.name}</span>
              <span className="block truncate text-text-muted text-xs">{me.workspace.name}</span>
            </span>
            <ChevronsUpDown aria-hidden="true" className="size-4 text-text-faint" />
            <span className="sr-only">, menu</span>
          </button>
        }
      >
        <MenuItem icon={<Settings />} onSelect={() => navigate({ to: '/settings/models' })}>
          Settings
        </MenuItem>
        <MenuItem icon={<BookOpen />} onSelect={() => navigate({ to: '/docs/$page', params: { page: 'index' } })}>
          Manual
        </MenuItem>
        <MenuSeparator />
        <MenuLabel>Appearance</MenuLabel>
        <MenuChoices value={theme} onChange={(value) => setTheme(value as Theme)} choices={themes} />
        <MenuSeparator />
        <MenuItem icon={<LogOut />} onSelect={() => signOut.mutate()}>
          Sign out
        </MenuItem>
      </Menu>
    </div>
  )
}
