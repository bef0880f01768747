"""The original design's server: `gunicorn app:app`."""

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from model import Loaded

app = Flask(__name__)
model = Loaded()


@app.post("/predict")
def predict() -> ResponseReturnValue:
    return jsonify(model.predict(request.get_json()))
