import { expect, test } from "bun:test";
import { findDaemonRequests } from "#readonly/audit/daemon-requests.ts";

const ASKING = [
  "tmux new-session -d -s web 'npm start'",
  "tmux -S /tmp/t.sock new -d top",
  "tmux neww -t work: make",
  "tmux run-shell 'sleep 100 &'",
  "tmux",
  "tmux split-w -h htop",
  "tmux list-sessions ';' send-keys -t 0 'make' Enter",
  "docker run --rm -d postgres",
  "docker --context remote compose up -d",
  "docker compose -f dev.yml up",
  "podman container start web",
  "docker-compose up",
  "systemd-run --user --unit=x sleep 100",
  "systemctl --user restart web",
  "at now",
  "batch",
  "crontab jobs",
  "screen -dmS web npm start",
  "sudo -u web docker run web",
  "env -i PATH=/bin setsid nohup systemd-run --user sleep 1",
  "timeout 10 sh -c 'docker run web'",
  "/usr/bin/tmux new-session -d top",
  "launchctl load job.plist",
  "service nginx start",
];
const NOT_ASKING = [
  "tmux list-sessions",
  "tmux -V",
  "tmux kill-session -t web",
  "tmux capture-pane -p",
  "docker ps",
  "docker build .",
  "docker logs run",
  "systemctl status web",
  "systemctl --user list-units",
  "at -l",
  "crontab -l",
  "screen -ls",
  "echo docker run web",
  "grep -r 'tmux new-session' src",
  "nohup setsid sleep 100 &",
  "git commit -m 'docker run web'",
  "cat <<'E'\ndocker run web\nE",
  "cd docker run",
  "",
];

test("requests to daemons are found within whatever wraps them, by the shell's own quoting", () => {
  for (const command of ASKING) {
    expect([command, findDaemonRequests([command]).length]).toEqual([command, 1]);
    const quoted = `/bin/bash -lc '${command.replaceAll("'", `'"'"'`)}'`;
    expect([quoted, findDaemonRequests([quoted]).length]).toEqual([quoted, 1]);
  }
  expect(findDaemonRequests(["echo 'make' | at now + 1 hour; (docker run a & docker run b)"])).toEqual([
    "at now + 1 hour",
    "docker run a",
    "docker run b",
  ]);
});

test("what only names a daemon, or only asks it something, is not reported", () => {
  for (const command of NOT_ASKING) expect([command, ...findDaemonRequests([command])]).toEqual([command]);
});

test("a request is named once, cut, and on one line", () => {
  const long = `docker run web ${"x".repeat(1000)}`;
  expect(findDaemonRequests(["docker run web", "docker run web", long, "docker run 'a\nb'"])).toEqual([
    "docker run web",
    `${long.slice(0, 160)}…`,
    "docker run a b",
  ]);
  expect(findDaemonRequests(["$(".repeat(5000), "docker run $(cat name)"])).toEqual(["docker run …"]);
});
