/**
 * Purpose: how many files and sockets this process may have open at once, and how many of them
 * connections may take.
 * Invariants: connections leave enough for the store, the worker, jobs and the log.
 * Fails: never; null where the system does not report it.
 */
import { readFileSync } from 'node:fs';

/** Descriptors reserved for everything but connections: this many, or an eighth if that is more. */
const RESERVE = 64;

export function maxConnectionsOf(openFiles: number | null): number | null {
  if (openFiles === null) return null;
  return Math.max(1, openFiles - Math.max(RESERVE, Math.ceil(openFiles / 8)));
}

/** The soft limit; null: none, or it cannot be read. */
export function openFileLimit(): number | null {
  const soft = /^Max open files +(\S+)/m.exec(linuxLimits() ?? '')?.[1] ?? reportedLimit();
  return /^\d+$/.test(soft) ? Number(soft) : null;
}

function linuxLimits(): string | null {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return null;
  }
}

/** Slower; for systems without /proc. */
function reportedLimit(): string {
  const { userLimits } = (process.report?.getReport() ?? {}) as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  return String(userLimits?.open_files?.soft);
}
