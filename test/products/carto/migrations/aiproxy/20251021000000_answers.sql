ALTER TABLE "LiteLLM_Requests" ADD COLUMN answer text;
