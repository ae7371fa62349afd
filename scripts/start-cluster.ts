import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Starts the cluster form on this machine (`npm run start:cluster -- --help`). The work is done by a host process in a
 * process group of its own, so that Ctrl-C in a terminal reaches only us and everything can be stopped in order:
 *
 *   terminal ──Ctrl-C──▶ this ──end of its stdin──▶ host ──SIGTERM, in order──▶ servers and processes
 *
 * If this is killed, the host's stdin ends as well; if the host is killed, its whole group is.
 */
const HOST = fileURLToPath(new URL("cluster/host.ts", import.meta.url));
const EXIT_FAILURE = 1;

const host = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", HOST, ...process.argv.slice(2)], {
  detached: true,
  stdio: ["pipe", "inherit", "inherit"],
});
// What is written to a host that has ended is lost, and its end is told below.
host.stdin.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => host.stdin.write("stop\n"));

host.once("exit", (code) => {
  // However it ended: nobody of its group is left behind.
  if (host.pid !== undefined) killGroup(host.pid);
  process.exit(code ?? EXIT_FAILURE);
});

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}
