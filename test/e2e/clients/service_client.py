"""Calls one service with a client generated from its Swagger file: `service_client.py URL FOLDER PACKAGE TOKEN`."""

import importlib
import json
import sys

URL, FOLDER, PACKAGE, TOKEN = sys.argv[1:]
sys.path.insert(0, FOLDER)
client = importlib.import_module(PACKAGE)

connection = client.ApiClient(client.Configuration(host=URL))
headers = {"Authorization": "Bearer " + TOKEN}
service = client.DoubleApi(connection)
result = service.double(client.InputParameters(x=5), _headers=headers)
started = service.start_batch_execution(
    [client.InputParameters(x=1), client.InputParameters(x=2)], _headers=headers
)
batches = service.get_batch_executions(_headers=headers)
print(
    json.dumps(
        {
            "success": result.success,
            "y": result.output_parameters.y,
            "listed": batches == [started.batch_execution_id],
        }
    )
)
