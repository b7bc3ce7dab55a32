CREATE TABLE "LiteLLM_Requests" (id bigint PRIMARY KEY, model text NOT NULL, question text NOT NULL, asked_at timestamptz NOT NULL DEFAULT now());
