import type { Budget } from '@parley/contract'
import {
  Badge,
  Button,
  Callout,
  ConfirmDialog,
  EmptyState,
  IconButton,
  Menu,
  MenuItem,
  Skeleton,
  useToast,
} from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Ellipsis, Pencil, Plus, Trash2, Wallet } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { BudgetBar } from './budget-bar.tsx'
import { BudgetDialog } from './budget-dialog.tsx'
import { formatAmount } from './format-amount.ts'
import { listBudgets, subjectOf } from './list-budgets.ts'
import { UsageSettingsPanel } from './usage-settings-panel.tsx'

export function BudgetsPage() {
  useTitle('Budgets')
  const mayManage = useMay('usage:manage')
  const budgets = useQuery(listBudgets)
  const [dialog, setDialog] = useState<'new' | Budget>()
  const rows = budgets.data?.data ?? []
  return (
    <>
      <SettingsHead
        title="Budgets"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setDialog('new')}>
              <Plus aria-hidden="true" /> New budget
            </Button>
          )
        }
      >
        What answers may take in a day or a month, in money or tokens. All budgets that count a call have to have
        something left.
      </SettingsHead>
      {budgets.isPending && <Skeleton />}
      {budgets.error && <Callout tone="danger">{explainError(budgets.error)}</Callout>}
      <div className="flex flex-col gap-6">
        {budgets.data && rows.length === 0 && (
          <EmptyState icon={<Wallet />} title="No budgets yet">
            Without one, only the plan limits what answers take. Make one for the workspace, a person, an API key or a
            model.
          </EmptyState>
        )}
        {rows.length > 0 && (
          <Panel>
            <ul className="divide-y divide-border">
              {rows.map((budget) => (
                <BudgetRow key={budget.id} budget={budget} mayManage={mayManage} onEdit={setDialog} />
              ))}
            </ul>
          </Panel>
        )}
        <UsageSettingsPanel mayManage={mayManage} />
      </div>
      {dialog && <BudgetDialog budget={dialog === 'new' ? undefined : dialog} onClose={() => setDialog(undefined)} />}
    </>
  )
}

function BudgetRow({
  budget,
  mayManage,
  onEdit,
}: {
  budget: Budget
  mayManage: boolean
  onEdit: (budget: Budget) => void
}) {
  const client = useQueryClient()
  const toast = useToast()
  const [removing, setRemoving] = useState(false)
  const { id, name, unit, amount, window, hardStop, warnAt, standings, subjectId, scope } = budget
  const isEach = subjectId === null && scope !== 'workspace'
  const remove = async () => {
    try {
      await parley.budgets.delete(id)
      toast({ message: `The budget ${name} is deleted.`, tone: 'success' })
      await client.invalidateQueries({ queryKey: ['budgets'] })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <li className="flex flex-col gap-3 px-5 py-4">
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-center gap-2 font-medium">
            {name}
            {!hardStop && <Badge>Only warns</Badge>}
          </h2>
          <p className="break-words text-sm text-text-muted">
            {formatAmount(unit, amount)} a {window} for {subjectOf(budget)}
            {warnAt.length > 0 && ` · warns at ${warnAt.join(', ')} %`}
          </p>
        </div>
        {mayManage && (
          <Menu
            align="end"
            trigger={
              <IconButton label={`More for ${name}`} size="small" tooltip={false}>
                <Ellipsis />
              </IconButton>
            }
          >
            <MenuItem icon={<Pencil />} onSelect={() => onEdit(budget)}>
              Change
            </MenuItem>
            <MenuItem icon={<Trash2 />} danger onSelect={() => setRemoving(true)}>
              Delete
            </MenuItem>
          </Menu>
        )}
      </div>
      {standings.length === 0 && <p className="text-sm text-text-muted">Nobody has used any of it in this {window}.</p>}
      {standings.map((standing) => (
        <div key={standing.subjectId ?? ''} className="flex flex-col gap-1">
          {isEach && <p className="break-all text-sm">{standing.subjectName ?? 'Someone who left'}</p>}
          <BudgetBar budget={budget} standing={standing} label={isEach ? `${name}, ${standing.subjectName}` : name} />
        </div>
      ))}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Delete the budget ${name}?`}
        description="Calls are no longer held against it. What was used stays in the ledger."
        confirmLabel="Delete"
        danger
        onConfirm={remove}
      />
    </li>
  )
}
