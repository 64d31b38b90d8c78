import { createContext, useContext } from 'react'

/** Whether the person may write in the conversation that is shown: send, answer, choose versions. */
export const MayWrite = createContext(true)

export const useMayWrite = (): boolean => useContext(MayWrite)
