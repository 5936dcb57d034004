import { performance } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";

/** How often it is looked how late the event loop is, in milliseconds. */
const LOOK_MS = 200;

/**
 * Adds what is known of this process under the names that Prometheus' own libraries give it, and how late its event loop
 * is. Answers with a way to stop looking at that.
 */
export function collectProcess(metrics: Metrics): () => void {
  const cpu = metrics.counter({ name: "process_cpu_seconds_total", help: "CPU time of the process, in seconds." });
  const memory = metrics.gauge({ name: "process_resident_memory_bytes", help: "Memory of the process, in bytes." });
  const heap = metrics.gauge({
    name: "nodejs_heap_size_used_bytes",
    help: "Used part of the JavaScript heap, in bytes.",
  });
  const start = metrics.gauge({
    name: "process_start_time_seconds",
    help: "When the process began, as seconds since 1970.",
  });
  start.of().set(performance.timeOrigin / 1000);
  metrics.collect(() => {
    const { system, user } = process.cpuUsage();
    cpu.of().set((system + user) / 1e6);
    const { heapUsed, rss } = process.memoryUsage();
    memory.of().set(rss);
    heap.of().set(heapUsed);
  });
  return watchEventLoop(metrics);
}

function watchEventLoop(metrics: Metrics): () => void {
  const delay = metrics
    .histogram({
      name: "kagzi_event_loop_delay_seconds",
      help: "How late the event loop of the process was, looked at five times a second.",
      bounds: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    })
    .of();
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    delay.observe(Math.max(0, now - last - LOOK_MS) / 1000);
    last = now;
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
