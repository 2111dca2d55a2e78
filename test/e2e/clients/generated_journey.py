"""Section A of the journey with a generated client: `generated_journey.py URL FOLDER PACKAGE` prints one line of JSON.

The services themselves are called without the client, as in the article.
"""

import importlib
import json
import sys
import urllib.request

URL, FOLDER, PACKAGE = sys.argv[1:]
sys.path.insert(0, FOLDER)
client = importlib.import_module(PACKAGE)


class Journey:
    """One user's calls."""

    def __init__(self):
        connection = client.ApiClient(client.Configuration(host=URL))
        self.login = client.AuthenticationAPIsApi(connection)
        self.status = client.StatusAPIsApi(connection)
        self.sessions = client.SessionAPIsApi(connection)
        self.snapshots = client.SnapshotAPIsApi(connection)
        self.services = client.ServicesManagementAPIsApi(connection)
        self.consumption = client.ServiceConsumptionAPIsApi(connection)
        request = client.LoginRequest(username="admin", password="admin password")
        self.headers = {"Authorization": "Bearer " + self.login.login(request).access_token}

    def execute(self, session, **request):
        """Runs code; returns the outputs by name."""
        body = client.ExecuteRequest.from_dict(request)
        answer = self.sessions.execute_code(session, body, _headers=self.headers)
        assert answer.success, answer.error_message
        return {one.name: one.value for one in answer.output_parameters or []}

    def publish(self, name, version, **service):
        body = client.PublishWebServiceRequest.from_dict(service)
        self.services.publish_web_service_version(name, version, body, _headers=self.headers)

    def consume(self, name, version, inputs):
        request = urllib.request.Request(
            "%s/api/%s/%s" % (URL, name, version),
            json.dumps(inputs).encode(),
            {"Content-Type": "application/json", **self.headers},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["outputParameters"]


def iris(journey):
    """The article, with one change: scikit-learn has asked for rows of flowers since 0.19."""
    headers = journey.headers
    session = journey.sessions.create_session(
        client.CreateSessionRequest.from_dict({"name": "Session 1", "runtimeType": "Python"}),
        _headers=headers,
    ).session_id
    journey.execute(session, code="from sklearn import svm\nfrom sklearn import datasets")
    journey.execute(
        session,
        code="clf=svm.SVC()\niris=datasets.load_iris()\n"
        "names={0:'I. setosa',1:'I. versicolor',2:'I. virginica'}",
    )
    predicted = journey.execute(
        session,
        code="clf.fit(iris.data, iris.target)\nresult=clf.predict([species_1])\n"
        "other_result=clf.predict([species_2])",
        inputParameters=[
            {"name": "species_1", "value": [7, 3.2, 4.7, 1.4]},
            {"name": "species_2", "value": [3, 2.6, 3, 2.5]},
        ],
        outputParameters=["result", "other_result"],
    )
    snapshot = journey.snapshots.create_snapshot(
        session, client.CreateSnapshotRequest(name="Iris Snapshot"), _headers=headers
    ).snapshot_id
    listed = [
        (one.name, one.owner)
        for one in journey.snapshots.list_snapshots(_headers=headers)
        if one.id == snapshot
    ]
    service = {
        "code": "iris_species = [names[x] for x in clf.predict([flower_data])]",
        "inputParameterDefinitions": [{"name": "flower_data", "type": "vector"}],
        "outputParameterDefinitions": [{"name": "iris_species", "type": "vector"}],
        "runtimeType": "Python",
        "snapshotId": snapshot,
    }
    journey.publish("Iris", "V1.0", **service)
    (found,) = journey.services.get_web_service_version("Iris", "V1.0", _headers=headers)
    journey.consumption.get_web_service_swagger("Iris", "V1.0", _headers=headers)
    consumed = [
        journey.consume("Iris", "V1.0", {"flower_data": flower})["iris_species"]
        for flower in ([7, 3.2, 4.7, 1.4], [5.1, 3.5, 1.4, 0.2])
    ]
    patch = getattr(client, "PatchWebServiceRequest", client.PublishWebServiceRequest)
    change = {"description": "Determines iris species", "runtimeType": "Python"}
    if patch is client.PublishWebServiceRequest:
        change["code"] = service["code"]  # the genuine file requires it here too
    journey.services.patch_web_service_version(
        "Iris", "V1.0", patch.from_dict(change), _headers=headers
    )
    second = dict(service, code=service["code"] + "[0]")
    second["outputParameterDefinitions"] = [{"name": "iris_species", "type": "string"}]
    journey.publish("Iris", "V2.0", **second)
    latest = journey.consume("Iris", "V2.0", {"flower_data": [5.1, 3.5, 1.4, 0.2]})
    services = [
        (one.name, one.version, one.description)
        for one in journey.services.get_all_web_services(_headers=headers)
    ]
    for version in ("V1.0", "V2.0"):
        journey.services.delete_web_service_version("Iris", version, _headers=headers)
    journey.sessions.close_session(session, _headers=headers)
    return {
        "predicted": predicted,
        "snapshots": listed,
        "found": [found.name, found.runtime_type, found.version_published_by],
        "consumed": consumed,
        "latest": latest,
        "services": services,
        "left": len(journey.services.get_all_web_services(_headers=headers)),
    }


def transmission(journey):
    """The maker's own acceptance test, in R."""
    headers = journey.headers
    session = journey.sessions.create_session(
        client.CreateSessionRequest.from_dict({}), _headers=headers
    ).session_id
    journey.execute(
        session, code="carsModel <- glm(formula = am ~ hp + wt, data = mtcars, family = binomial)"
    )
    snapshot = journey.snapshots.create_snapshot(
        session, client.CreateSnapshotRequest(), _headers=headers
    ).snapshot_id
    journey.publish(
        "transmission",
        "v1.0.0",
        code="answer <- (function(hp, wt) { newdata <- data.frame(hp = hp, wt = wt); "
        'predict(carsModel, newdata, type = "response") })(hp, wt)',
        inputParameterDefinitions=[
            {"name": "hp", "type": "numeric"},
            {"name": "wt", "type": "numeric"},
        ],
        outputParameterDefinitions=[{"name": "answer", "type": "numeric"}],
        operationId="manualTransmission",
        runtimeType="R",
        snapshotId=snapshot,
    )
    answer = journey.consume("transmission", "v1.0.0", {"hp": 120, "wt": 2.8})["answer"]
    journey.snapshots.delete_snapshot(snapshot, _headers=headers)
    journey.services.delete_web_service_version("transmission", "v1.0.0", _headers=headers)
    journey.sessions.close_session(session, _headers=headers)
    return round(answer, 7)


def main():
    journey = Journey()
    report = {"status": journey.status.status(_headers=journey.headers).status_code}
    report["iris"] = iris(journey)
    report["transmission"] = transmission(journey)
    print(json.dumps(report))


main()
