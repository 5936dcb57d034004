"""A small worker in another language: stock gRPC and the contract, nothing of the SDK.

Usage: worker.py DESCRIPTORS ADDRESS. DESCRIPTORS is the file of the contract's descriptors: messages are made from it as
the program runs, which spares generated code. Writes what happens as lines of JSON. A step named `hold` waits for a line
on standard input; from then on the worker is silent, as one that hangs would be.
"""

import json
import sys
import threading

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

pool = descriptor_pool.DescriptorPool()


def message(name):
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


with open(sys.argv[1], "rb") as file:
    for each in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(each)

Payload = message("kagzi.v1.Payload")
ErrorDetail = message("kagzi.v1.ErrorDetail")
ErrorCode = pool.FindEnumTypeByName("kagzi.v1.ErrorCode")
channel = grpc.insecure_channel(sys.argv[2])


def method(name):
    """A call of WorkerService: fields in, the answer out."""
    request, response = message(f"kagzi.v1.{name}Request"), message(f"kagzi.v1.{name}Response")
    call = channel.unary_unary(
        f"/kagzi.v1.WorkerService/{name}",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    return lambda **fields: call(request(**fields))


register, heartbeat, poll_task = method("Register"), method("Heartbeat"), method("PollTask")
begin_step, complete_step, fail_step = method("BeginStep"), method("CompleteStep"), method("FailStep")
sleep_step = method("Sleep")
complete_workflow, fail_workflow = method("CompleteWorkflow"), method("FailWorkflow")

silent = threading.Event()
stop = threading.Event()


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def pack(value):
    return Payload(data=json.dumps(value).encode(), metadata={"content-type": "application/json"})


def unpack(payload):
    return json.loads(payload.data) if payload.data else None


class Parked(Exception):
    """The run waits: the server gives it to somebody when the wait is over."""


class StepFailed(Exception):
    """A step failed for good."""


class Run:
    def __init__(self, task):
        self.task = task
        self.counts = {}

    def begin(self, name, **fields):
        self.counts[name] = self.counts.get(name, 0) + 1
        return begin_step(
            run_id=self.task.run_id,
            step_name=name,
            occurrence=self.counts[name],
            task_token=self.task.task_token,
            **fields,
        )

    def step(self, name, function):
        policy = {"maximum_attempts": 3, "initial_interval_ms": 20, "backoff_coefficient": 1}
        begun = self.begin(name, retry_policy=policy)
        if not begun.should_execute:
            if begun.HasField("error"):
                raise StepFailed(begun.error.message)
            return unpack(begun.cached_output)
        say("step", name=name, attempt=begun.attempt_number)
        of = {"run_id": self.task.run_id, "step_id": begun.step_id}
        try:
            output = function(begun.attempt_number)
        except Exception as error:  # Whatever it is, the server decides what becomes of it.
            failed = fail_step(error={"code": "ERROR_CODE_INTERNAL", "message": str(error)}, **of)
            raise Parked() if failed.scheduled_retry else StepFailed(str(error))
        return unpack(complete_step(output=pack(output), **of).output)

    def sleep(self, name, ms):
        begun = self.begin(name, kind="STEP_KIND_SLEEP")
        if begun.should_execute:
            sleep_step(run_id=self.task.run_id, step_id=begun.step_id, duration={"nanos": ms * 1_000_000})
            raise Parked()


def order(run, given):
    quote = run.step("quote", lambda attempt: {"price": given["amount"] * 2})
    paid = run.step("pay", lambda attempt: attempt if attempt == 3 else fail("the bank does not answer"))
    run.sleep("cool-off", 50)
    notes = [run.step("note", lambda attempt, n=n: f"note {n}") for n in (1, 2)]
    return {**quote, "paid": paid, "notes": notes}


def refuse(run, given):
    run.step("check", lambda attempt: fail("never"))


def stuck(run, given):
    run.step("hold", hold)
    return "by python"


def hold(attempt):
    silent.set()
    sys.stdin.readline()
    return "by python"


def fail(message):
    raise RuntimeError(message)


WORKFLOWS = {"py-order": order, "py-refuse": refuse, "py-stuck": stuck}


def beat(worker_id, interval):
    while not stop.wait(interval):
        if not silent.is_set():
            heartbeat(worker_id=worker_id)


def execute(task):
    lease = {"run_id": task.run_id, "task_token": task.task_token}
    try:
        output = WORKFLOWS[task.workflow_type](Run(task), unpack(task.input))
        complete_workflow(output=pack(output), **lease)
        say("completed", run=task.run_id)
    except Parked:
        say("parked", run=task.run_id)
    except StepFailed as error:
        fail_workflow(error={"code": "ERROR_CODE_PRECONDITION_FAILED", "message": str(error)}, **lease)
        say("failed", run=task.run_id)


def details(error):
    """What the server says is wrong: the first detail of the google.rpc.Status in the trailers."""
    trailers = dict(error.trailing_metadata() or ())
    found = any_pb2.Any.FromString(third_field(trailers["grpc-status-details-bin"]))
    detail = ErrorDetail()
    detail.ParseFromString(found.value)
    return detail


def third_field(data):
    """The first `details` of a google.rpc.Status, which is its field 3: read by hand, as its class is in another package."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 0:
            continue
        if tag >> 3 == 3:
            return data[at : at + value]
        at += value
    raise ValueError("the status has no details")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def main():
    versions = [{"workflow_type": name, "version": "1"} for name in WORKFLOWS]
    me = register(workflows=versions, hostname="python", max_concurrent=1)
    threading.Thread(target=beat, args=(me.worker_id, me.heartbeat_interval_ms / 1000), daemon=True).start()
    say("ready")
    while True:
        try:
            task = poll_task(worker_id=me.worker_id, timeout_ms=5000)
            if task.run_id:
                execute(task)
        except grpc.RpcError as error:
            detail = details(error)
            code = ErrorCode.values_by_number[detail.code].name
            say("refused", status=error.code().name, code=code, metadata=dict(detail.metadata))
            if silent.is_set():
                return


main()
