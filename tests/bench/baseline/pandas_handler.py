"""The original design on Lambda: FastAPI and Mangum before pandas, scikit-learn and the pickle."""

from typing import Any

from fastapi import FastAPI
from mangum import Mangum

from model import Loaded

app = FastAPI()
model = Loaded()
handler = Mangum(app, lifespan="off")


@app.post("/predict")
def predict(passenger: dict[str, Any]) -> dict[str, Any]:
    return model.predict(passenger)
