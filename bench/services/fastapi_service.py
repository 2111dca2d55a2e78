"""The peer in Python: the same model behind FastAPI and uvicorn, one process. `python fastapi_service.py <port>`."""
import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn import datasets, svm

iris = datasets.load_iris()
classifier = svm.SVC(gamma=0.001, C=100.0)
classifier.fit(iris.data, iris.target)


class Flower(BaseModel):
    a: float
    b: float
    c: float
    d: float


app = FastAPI()


@app.post("/classify")
def classify(flower: Flower):
    return {"answer": int(classifier.predict([[flower.a, flower.b, flower.c, flower.d]])[0])}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
