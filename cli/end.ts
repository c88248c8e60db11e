import { ShareAccess } from '../loaders/sensors/share-access.ts';

/**
 * Ends the process. Where a call to a share hangs `process.exit` would wait for its thread, so a signal ends it: SIGTERM if all is well,
 * which service managers take for a clean end, otherwise SIGKILL.
 */
export function end(exitCode: number): void {
  if (ShareAccess.hanging > 0) {
    process.removeAllListeners('SIGTERM');
    process.kill(process.pid, exitCode === 0 ? 'SIGTERM' : 'SIGKILL');
  } else process.exit(exitCode);
}
