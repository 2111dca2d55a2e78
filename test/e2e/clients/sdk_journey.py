"""Section B of the journey with Microsoft's own package: `sdk_journey.py URL` prints one line of JSON.

The realtime service Mileage 1.0 is there already: the package publishes only models in the maker's own format. Runs on Python 3.7, which the package still knows how to write functions for.
"""

import json
import sys
import time

import pandas as pd
from azureml.deploy import DeployClient
from azureml.deploy.server import MLServer

URL = sys.argv[1]


def wait(batch):
    """The results of a batch that has ended."""
    while True:
        results = batch.results()
        if results.state in ("Complete", "Failed"):
            return results
        time.sleep(0.05)


def init():
    import pandas as pd


def manualTransmission(hp, wt):
    import pandas as pd

    answer = pd.DataFrame({"answer": [factor * hp + wt]})
    answer.to_csv("answer.csv", index=False)
    return answer


def total(hp, wt):
    return hp + wt


def publish(client):
    return (
        client.service("TxService")
        .version("1.0")
        .code_fn(manualTransmission, init)
        .inputs(hp=float, wt=float)
        .outputs(answer=pd.DataFrame)
        .models(factor=2.0)
        .description("Transmission")
        .artifacts(["answer.csv"])
        .deploy()
    )


def consume(service):
    response = service.manualTransmission(120, 2.8)
    return {
        "error": response.error,
        "answer": response.output("answer").to_dict("list"),
        "artifact": response.artifact("answer.csv").decode(),
    }


def run_batch(service):
    records = pd.DataFrame({"hp": [120.0, 100.0, 90.0], "wt": [2.8, 2.1, 3.0]})
    batch = service.batch(records, 2).start()
    results = wait(batch)
    answers = [
        results.execution(index).outputs["answer"].to_dict("list")["answer"][0]
        for index in range(results.total_item_count)
    ]
    found = {
        "state": results.state,
        "answers": answers,
        "listed": service.list_batch_executions() == [batch.execution_id],
        "artifacts": batch.list_artifacts(1),
        "artifact": batch.artifact(1, "answer.csv").decode(),
        "again": service.get_batch(batch.execution_id).results().state,
    }
    batch.cancel()
    found["after"] = service.list_batch_executions()
    return found


def main():
    client = DeployClient(URL, use=MLServer, auth=("admin", "admin password"))
    service = publish(client)
    capabilities = service.capabilities()
    report = {
        "capabilities": {
            name: capabilities[name]
            for name in ("api", "description", "runtime", "inputs", "outputs", "operation_id")
        },
        "swagger": sorted(json.loads(service.swagger())["paths"])[:1],
        "consumed": consume(service),
        "batch": run_batch(service),
        "services": [one["name"] for one in client.list_services("TxService", version="1.0")],
        "found": client.get_service("TxService").capabilities()["version"],
    }
    changed = (
        client.service("TxService")
        .version("1.0")
        .code_fn(total)
        .inputs(hp=float, wt=float)
        .outputs(answer=float)
        .alias("total")
        .description("Changed")
        .redeploy()
    )
    report["changed"] = [changed.capabilities()["description"], changed.total(1, 2).output("answer")]
    score = client.get_service("Mileage", version="1.0")
    scored = score.score(pd.DataFrame({"wt": [2.0, 3.0]}))
    try:
        client.realtime_service("Blob").version("1.0").serialized_model(b"blob of the maker").deploy()
    except Exception as error:
        report["refused"] = [type(error).__name__, str(error)]
    report["scored"] = [scored.error, scored.output("outputData").round(3).to_dict("list")]
    report["deleted"] = [
        client.delete_service("TxService", version="1.0"),
        client.delete_service("Mileage", version="1.0"),
        client.list_services(),
    ]
    print(json.dumps(report))


main()
